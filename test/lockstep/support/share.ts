// Which engine retired what.

import { INTERNALS } from '../../../src/base/internals.ts';
import { Translator } from '../../../src/cpu/translator/translator.ts';
import type { Vm } from '../../../src/vm/vm.ts';

/** The machine's translator. */
export function translatorOf(vm: Vm): Translator {
  const { engine } = vm[INTERNALS];
  if (!(engine instanceof Translator)) throw new Error(`the machine runs by ${engine.name}`);
  return engine;
}

/** Part of the retired instructions that translated code retired. */
export function translatedShare(vm: Vm): number {
  const { translated, interpreted } = translatorOf(vm).retired;
  return translated / (translated + interpreted);
}
