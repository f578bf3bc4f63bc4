// Everything about a stopped machine that its guest could tell, as something to compare.

import { expect } from 'vitest';
import { INTERNALS } from '../../../src/base/internals.ts';
import { Translator } from '../../../src/cpu/translator/translator.ts';
import { hashMemory } from '../../../src/snapshot/hash.ts';
import type { Vm } from '../../../src/vm/vm.ts';

export interface Outcome {
  /** Registers, the TLBs' contents, devices, turns and time. */
  readonly state: unknown;
  readonly memory: string;
  readonly retired: bigint;
}

export const outcomeOf = (vm: Vm): Outcome => ({ state: vm.save(), memory: hashMemory(vm), retired: vm.retired });

/** Runs to the guest's end; the longest slice is `slice`. */
export function runToEnd(vm: Vm, slice = Infinity): Outcome & { readonly exit: string } {
  for (;;) {
    const { exit } = vm.runSlice(slice);
    if (exit.kind !== 'limit') return { ...outcomeOf(vm), exit: exit.kind };
  }
}

/** A test of the translator in which the interpreter did the work would prove nothing. */
export function requireTranslated(vm: Vm): void {
  const { engine } = vm[INTERNALS];
  if (!(engine instanceof Translator)) return;
  const { translated, interpreted } = engine.retired;
  expect(translated / (translated + interpreted)).toBeGreaterThan(0.95);
}
