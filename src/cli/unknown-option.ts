// What is said of an option that a command does not know.

import { InputError } from '../base/errors.ts';
import { didYouMean, nearest } from '../base/near.ts';
import { QEMU_OPTIONS } from './qemu/options.ts';

/** The error for `name`, as it was written, where the options `known` are taken: also for what QEMU would take. */
export function unknownOption(name: string, known: readonly string[]): InputError {
  const text = `unknown option '${name}'`;
  const [bare = ''] = name.replace(/^--?/, '').split('=');
  if (!Object.hasOwn(QEMU_OPTIONS, bare)) return new InputError(text + didYouMean(name, known));
  const { becomes } = QEMU_OPTIONS[bare]!;
  const meant = becomes !== null && known.includes(becomes) ? becomes : nearest(`--${bare}`, known);
  const own = meant === null ? '' : ` did you mean '${meant}'?`;
  return new InputError(`${text};${own} 'tidemark qemu' takes QEMU's options`);
}
