// Interpreter and translator side by side: the same slices, and after each everything that a guest or a user could see.

import { isDeepStrictEqual } from 'node:util';
import type { Exit } from '../../../src/vm/exit.ts';
import type { Vm } from '../../../src/vm/vm.ts';
import { compareMachines, text } from './compare.ts';

export interface LockstepOptions {
  /** Instructions of the next slice. */
  readonly slice: () => number;
  /** Instructions after which it is enough. */
  readonly limit: number;
  /** Slices after which it is enough, for machines that may wait for ever. */
  readonly maxSlices?: number;
  /** What the caller does at an exit that is no limit, to both machines alike; false ends the run. */
  readonly onExit?: (vm: Vm, exit: Exit) => boolean;
  /** What the caller does between slices, to both machines alike. */
  readonly between?: (vm: Vm, slice: number) => void;
}

export interface LockstepEnd {
  readonly retired: number;
  readonly slices: number;
  readonly exit: Exit;
}

const plain = (exit: Exit): unknown => structuredClone(exit);

/** Slices between two comparisons that take in the devices. */
const WHOLE_EVERY = 64;

/** Error, with what differs, unless the machines agree at every slice's end. */
export function lockstep(reference: Vm, subject: Vm, options: LockstepOptions): LockstepEnd {
  const { slice, limit, maxSlices = Infinity, onExit, between } = options;
  let retired = 0;
  for (let slices = 1; ; slices++) {
    const count = Math.min(slice(), limit - retired);
    const expected = reference.runSlice(count);
    const actual = subject.runSlice(count);
    const where = `slice ${slices} of ${count} instructions, after ${retired}`;
    if (expected.retired !== actual.retired || !isDeepStrictEqual(plain(expected.exit), plain(actual.exit))) {
      throw new Error([`${where}: ${describe(expected)} and ${describe(actual)}`, ...compareMachines(reference, subject)].join('\n'));
    }
    retired += expected.retired;
    const handled = expected.exit.kind !== 'limit' && [reference, subject].map((vm) => onExit?.(vm, expected.exit) ?? false)[0]!;
    const ends = expected.exit.kind === 'limit' ? retired >= limit || slices >= maxSlices : !handled;
    const lines = compareMachines(reference, subject, ends || slices % WHOLE_EVERY === 0);
    if (lines.length > 0) throw new Error([`${where}:`, ...lines.slice(0, 40)].join('\n'));
    if (ends) return { retired, slices, exit: expected.exit };
    if (between) for (const vm of [reference, subject]) between(vm, slices);
  }
}

const describe = ({ exit, retired }: { readonly exit: Exit; readonly retired: number }): string => `exit ${text(exit)} after ${retired}`;
