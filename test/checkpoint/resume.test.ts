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

const MAX = 0xffffffff;

type EngineName = NonNullable<VmConfig['engine']>;

interface End {
  readonly output: string;
  readonly hash: string;
  readonly retired: bigint;
  readonly state: object;
}

const endOf = ({ vm, output }: Guest): End => ({ output: output(), hash: hashMemory(vm), retired: vm.retired, state: visibleState(vm) });

function runToEnd(guest: Guest): End {
  expect(guest.vm.runSlice().exit).toEqual({ kind: 'hlt' });
  return endOf(guest);
}

/** The guest with a checkpoint every so many instructions; `said[n]` is how much it had said after cycle n. */
function checkpointed(spec: GuestSpec, tracking: TrackingMethod, instructions: number): { store: MemoryStore; said: number[]; end: End } {
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

describe.each(CASES)('$0.name', (spec, instructions) => {
  const uninterrupted = runToEnd(loadedGuest(spec));

  it.each(['write-protect', 'pml'] as const)('checkpointed with %s is the guest without checkpoints, and resumes as itself', (tracking) => {
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
});

it('a resumed machine can be checkpointed itself, by the other method', () => {
  const { store, end } = checkpointed(DIRTIER, 'pml', 60_000);
  const guest = machineFor(DIRTIER, { tracking: 'write-protect', verify: true });
  resumeCycle(guest.vm, store, 2);
  const second = new MemoryStore();
  const checkpointer = new Checkpointer(guest.vm, second, { dirtyTrigger: 25, maxDirty: MAX, hash: true });
  checkpointer.start();
  while (checkpointer.cycle().exit.kind !== 'hlt') expect(second.lastCycle).toBeGreaterThan(0);
  const third = machineFor(DIRTIER);
  resumeCycle(third.vm, second, Math.floor(second.lastCycle / 2));
  expect(runToEnd(third)).toMatchObject({ hash: end.hash, retired: end.retired });
});

it('a machine of another size or with other vCPUs is refused', () => {
  const { store } = checkpointed(smp64(2), 'pml', 5_000);
  const { vm } = machineFor(smp64(3));
  expect(() => resumeCycle(vm, store, 1)).toThrow(/2 vCPUs, the machine 3/);
});
