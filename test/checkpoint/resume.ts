// A machine taken up from any of its checkpoints ends as the one that was never interrupted: the same bytes on the console from
// there on, the same memory, registers, devices, time and retired instructions; whatever engine and tracking run now or ran then.

import { describe, expect, it } from 'vitest';
import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import { resumeCycle } from '../../src/checkpoint/rebuild.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import { hashMemory } from '../../src/snapshot/hash.ts';
import type { TrackingMethod } from '../../src/mmu/tracking.ts';
import type { VmConfig } from '../../src/vm/config.ts';
import { DIRTIER, KERNEL32, loadedGuest, machineFor, smp64, visibleState } from './support/guest.ts';
import type { Guest, GuestSpec } from './support/guest.ts';

export const MAX = 0xffffffff;

type EngineName = NonNullable<VmConfig['engine']>;

interface End {
  readonly output: string;
  readonly hash: string;
  readonly retired: bigint;
  readonly state: object;
}

const endOf = ({ vm, output }: Guest): End => ({ output: output(), hash: hashMemory(vm), retired: vm.retired, state: visibleState(vm) });

export function runToEnd(guest: Guest): End {
  expect(guest.vm.runSlice().exit).toEqual({ kind: 'hlt' });
  return endOf(guest);
}

/** The guest with a checkpoint every so many instructions; `said[n]` is how much it had said after cycle n. */
export function checkpointed(
  spec: GuestSpec,
  tracking: TrackingMethod,
  instructions: number,
): { store: MemoryStore; said: number[]; end: End } {
  const guest = loadedGuest(spec, { tracking });
  const store = new MemoryStore();
  const checkpointer = new Checkpointer(guest.vm, store, { dirtyTrigger: 0, maxDirty: MAX, instructions });
  checkpointer.start();
  const said = [0];
  for (let ended = false; !ended; ) {
    ended = checkpointer.cycle().exit.kind === 'hlt';
    said.push(guest.output().length);
  }
  return { store, said, end: endOf(guest) };
}

const CASES: readonly (readonly [GuestSpec, number])[] = [
  [DIRTIER, 90_013],
  [smp64(1), 701],
  [smp64(2), 1_503],
  [smp64(4), 2_001],
  [KERNEL32, 123_457],
];

const METHODS = ['write-protect', 'pml'] as const;

/** Defines the tests of each guest by one method, which are in turn the first and the second, or by the other. */
export function describeResumed(which: 0 | 1): void {
  describe.each(CASES.map(([spec, instructions], n) => ({ spec, instructions, name: spec.name, tracking: METHODS[(n + which) % 2]! })))(
    '$name',
    ({ spec, instructions, tracking }) => {
      it(`checkpointed with ${tracking} is the guest without checkpoints, and resumes as itself`, () => {
        const uninterrupted = runToEnd(loadedGuest(spec));
        const { store, said, end } = checkpointed(spec, tracking, instructions);
        expect(end).toEqual(uninterrupted);
        const last = store.lastCycle;
        expect(last).toBeGreaterThan(3);
        const [first, second] = [1, Math.floor(last / 2)];
        const resumptions: [number, TrackingMethod, EngineName][] = [
          [first, 'none', 'interpreter'],
          [second, tracking, 'auto'],
          [last - 1, 'none', 'translator'],
          [last, 'none', 'interpreter'],
        ];
        for (const [cpid, method, engine] of resumptions) {
          const guest = machineFor(spec, { tracking: method, engine });
          resumeCycle(guest.vm, store, cpid);
          const resumed = runToEnd(guest);
          expect({ cpid, ...resumed }).toEqual({ cpid, ...uninterrupted, output: uninterrupted.output.slice(said[cpid]) });
        }
      });
    },
  );
}
