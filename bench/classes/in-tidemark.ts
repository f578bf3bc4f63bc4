// A run in Tidemark, in this process.

import { InputError } from '../../src/base/errors.ts';
import type { VmConfig } from '../../src/vm/config.ts';
import { loadGuest, checkoutRoot } from '../support/guest.ts';
import { Marks } from './marks.ts';
import type { Mark } from './marks.ts';
import { ownTime } from './own-time.ts';

const MIB = 1024 ** 2;
const SLICE = 10_000_000;

/** Runs an image of guests/ as a kernel, to its end. */
export function runBareInTidemark(engine: VmConfig['engine'] & string, image: string, append: string): readonly Mark[] {
  const marks = new Marks(ownTime);
  const serial = (byte: number): void => marks.add(String.fromCharCode(byte));
  const vm = loadGuest(checkoutRoot(), image, append, { memory: 64 * MIB, engine, serial });
  for (;;) {
    const { exit } = vm.runSlice(SLICE);
    if (exit.kind === 'limit') continue;
    if (!marks.done) throw new InputError(`${image} left with ${exit.kind}: ${marks.other.trim()}`);
    return marks.found;
  }
}
