import { describe, expect, it } from 'vitest';
import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import type { CheckpointPolicy } from '../../src/checkpoint/checkpointer.ts';
import { rebuildCycle, verifyRebuilds } from '../../src/checkpoint/rebuild.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import { copyMemory, isZero } from '../../src/snapshot/memory-image.ts';
import type { MemoryImage } from '../../src/snapshot/memory-image.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { DIRTIER, loadedGuest, smp64 } from './support/guest.ts';
import type { GuestSpec } from './support/guest.ts';

const MAX = 0xffffffff;
const policies = (instructions: number): [string, CheckpointPolicy][] => [
  ['a number of instructions', { dirtyTrigger: 0, maxDirty: MAX, instructions, hash: true }],
  ['a trigger of 20 pages', { dirtyTrigger: 20, maxDirty: MAX, hash: true, batch: 7 }],
  ['a full list of 33', { dirtyTrigger: 0, maxDirty: 33, hash: true }],
];
const CASES: readonly (readonly [GuestSpec, number])[] = [
  [DIRTIER, 60_013],
  [smp64(3), 1_009],
];

/** All cycles of a guest, and a copy of all memory, taken without tracking, after each; index 0 before the first. */
function checkpointed(vm: Vm, policy: CheckpointPolicy): { store: MemoryStore; memories: MemoryImage[] } {
  const store = new MemoryStore();
  const checkpointer = new Checkpointer(vm, store, policy);
  checkpointer.start();
  const memories = [copyMemory(vm)];
  for (;;) {
    const { exit } = checkpointer.cycle();
    memories.push(copyMemory(vm));
    if (exit.kind === 'hlt') return { store, memories };
    expect(['limit', 'mt-dirty-trigger', 'mt-list-full']).toContain(exit.kind);
  }
}

const withoutZeros = (image: MemoryImage): [number, Uint8Array][] =>
  [...image].filter(([, page]) => !isZero(page)).sort(([a], [b]) => a - b);

function expectSameBytes(rebuilt: MemoryImage, memory: MemoryImage): void {
  const [ours, theirs] = [withoutZeros(rebuilt), withoutZeros(memory)];
  expect(ours.map(([gfn]) => gfn)).toEqual(theirs.map(([gfn]) => gfn));
  const different = ours.filter(([gfn, page]) => Buffer.compare(page, memory.get(gfn)!) !== 0);
  expect(different.map(([gfn]) => gfn)).toEqual([]);
}

describe.each(['write-protect', 'pml'] as const)('with %s', (tracking) => {
  describe.each(CASES)('$0.name', (spec, instructions) => {
    it.each(policies(instructions))('every cycle ended by %s rebuilds byte for byte', (_name, policy) => {
      const { vm } = loadedGuest(spec, { tracking, verify: true });
      const { store, memories } = checkpointed(vm, policy);
      expect(store.lastCycle).toBeGreaterThanOrEqual(2);
      memories.forEach((memory, cpid) => expectSameBytes(rebuildCycle(store, cpid).pages, memory));
      expect(verifyRebuilds(store)).toEqual({ checked: store.lastCycle + 1, wrong: [] });
      expect(vm.mt.stats().verify!.compared).toBe(store.lastCycle);
    });
  });

  it('cycles end where the policy says', () => {
    const { vm } = loadedGuest(DIRTIER, { tracking });
    const checkpointer = new Checkpointer(vm, new MemoryStore(), { dirtyTrigger: 20, maxDirty: MAX, instructions: 50_000 });
    checkpointer.start();
    for (let n = 0; n < 8; n++) {
      const { exit, retired, gfns } = checkpointer.cycle();
      if (exit.kind === 'mt-dirty-trigger') expect(gfns.length).toBeGreaterThanOrEqual(20);
      else expect({ kind: exit.kind, retired }).toEqual({ kind: 'limit', retired: 50_000 });
    }
    const { exit, retired } = checkpointer.cycle({ limit: 10 });
    expect({ kind: exit.kind, retired }).toEqual({ kind: 'limit', retired: 10 });
  });
});

it('the end of the guest is kept with its last cycle', () => {
  const { vm } = loadedGuest(DIRTIER, { tracking: 'pml' });
  const { store } = checkpointed(vm, { dirtyTrigger: 0, maxDirty: MAX });
  expect(store.delta(1).end).toEqual({ kind: 'hlt' });
  expect(rebuildCycle(store, 1).end).toEqual({ kind: 'hlt' });
  expect(rebuildCycle(store, 0).end).toBeNull();
});

it('a cycle that nobody kept cannot be rebuilt', () => {
  const { vm } = loadedGuest(DIRTIER, { tracking: 'pml' });
  const { store } = checkpointed(vm, { dirtyTrigger: 0, maxDirty: MAX });
  for (const cpid of [-1, 2, 0.5]) expect(() => rebuildCycle(store, cpid)).toThrow(`no cycle ${cpid} (cpid): the store holds 0 to 1`);
  expect(() => verifyRebuilds(store)).toThrow('was kept without a hash');
});

it('a rebuild that goes wrong is noticed', () => {
  const { vm } = loadedGuest(DIRTIER, { tracking: 'pml' });
  const { store } = checkpointed(vm, { dirtyTrigger: 0, maxDirty: MAX, instructions: 40_000, hash: true });
  const [page] = store.delta(2).pages.values();
  page[100] ^= 1;
  expect(verifyRebuilds(store).wrong).toContain(2);
});

describe('a store in memory with a limit', () => {
  it('merges the oldest cycles into the base, and the rest still rebuilds', () => {
    const { vm } = loadedGuest(DIRTIER, { tracking: 'pml' });
    const all = new MemoryStore();
    const few = new MemoryStore(200 * 4096);
    const checkpointer = new Checkpointer(
      vm,
      {
        firstCycle: 0,
        lastCycle: 0,
        base: () => all.base(),
        delta: (cpid) => all.delta(cpid),
        putBase(base) {
          all.putBase(base);
          few.putBase(base);
        },
        putDelta(delta) {
          all.putDelta(delta);
          few.putDelta(delta);
        },
      },
      { dirtyTrigger: 50, maxDirty: MAX, hash: true },
    );
    checkpointer.start();
    while (checkpointer.cycle().exit.kind !== 'hlt') expect(few.lastCycle).toBe(all.lastCycle);
    expect(few.firstCycle).toBeGreaterThan(0);
    for (let cpid = few.firstCycle; cpid <= few.lastCycle; cpid++) {
      expectSameBytes(rebuildCycle(few, cpid).pages, rebuildCycle(all, cpid).pages);
    }
    expect(verifyRebuilds(few)).toEqual({ checked: few.lastCycle - few.firstCycle + 1, wrong: [] });
    expect(() => rebuildCycle(few, 0)).toThrow(`the store holds ${few.firstCycle} to ${few.lastCycle}`);
  });
});
