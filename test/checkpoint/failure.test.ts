// A store that cannot keep a cycle: the cycle is given up, nothing of it is lost, and the guest notices nothing.

import { describe, expect, it } from 'vitest';
import { mistaken } from '../../src/cli/demo/mistakes/mistakes.ts';
import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import { rebuildCycle, verifyRebuilds } from '../../src/checkpoint/rebuild.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import type { DeltaCheckpoint } from '../../src/checkpoint/store.ts';
import { LostWriteError } from '../../src/mt/shadow.ts';
import { hashImage, hashMemory } from '../../src/snapshot/hash.ts';
import { DIRTIER, loadedGuest, smp64 } from './support/guest.ts';

const MAX = 0xffffffff;

/** Fails at the given calls of putDelta, counted from 1. */
class FailingStore extends MemoryStore {
  private calls = 0;
  constructor(private readonly failing: readonly number[]) {
    super();
  }

  override putDelta(delta: DeltaCheckpoint): void {
    if (this.failing.includes(++this.calls)) throw new Error('no space left');
    super.putDelta(delta);
  }
}

describe.each(['write-protect', 'pml'] as const)('with %s', (tracking) => {
  it.each([
    [DIRTIER, [1], 90_001],
    [DIRTIER, [2, 3, 4, 6], 90_001],
    [smp64(3), [1, 3], 1_009],
  ] as const)('$0.name, failing at $1', (spec, failing, instructions) => {
    const { vm } = loadedGuest(spec, { tracking, verify: true });
    const store = new FailingStore(failing);
    const checkpointer = new Checkpointer(vm, store, { dirtyTrigger: 0, maxDirty: MAX, instructions, hash: true });
    checkpointer.start();
    let failed = 0;
    for (let ended = false; !ended; ) {
      const kept = store.lastCycle;
      try {
        const { cpid, exit } = checkpointer.cycle();
        expect(cpid).toBe(kept + 1);
        ended = exit.kind === 'hlt';
      } catch (error) {
        expect(error).toMatchObject({ name: 'CheckpointError', report: { cpid: kept + 1 }, cause: { message: 'no space left' } });
        expect(store.lastCycle).toBe(kept);
        failed++;
      }
    }
    expect(failed).toBe(failing.length);
    expect(vm.mt.stats().total.reportedAgain).toBeGreaterThan(0);
    expect(verifyRebuilds(store).wrong).toEqual([]);
    expect(hashImage(rebuildCycle(store, store.lastCycle).pages)).toBe(hashMemory(vm));
    const plain = loadedGuest(spec);
    plain.vm.runSlice();
    expect(hashMemory(vm)).toBe(hashMemory(plain.vm));
    expect(vm.retired).toBe(plain.vm.retired);
  });
});

it('a base that cannot be kept leaves a machine that runs', () => {
  const { vm } = loadedGuest(DIRTIER, { tracking: 'pml' });
  const store = new MemoryStore();
  store.putBase = () => {
    throw new Error('no space left');
  };
  expect(() => new Checkpointer(vm, store, { dirtyTrigger: 0, maxDirty: MAX }).start()).toThrow('no space left');
  expect(vm.runSlice().exit).toEqual({ kind: 'hlt' });
});

it('tracking that loses writes is found out by the oracle, naming page and cycle', () => {
  const { vm } = loadedGuest(DIRTIER, { tracking: 'pml', verify: true, wrap: mistaken('keepMarksAtRearm') });
  const checkpointer = new Checkpointer(vm, new MemoryStore(), { dirtyTrigger: 0, maxDirty: MAX, instructions: 20_000 });
  checkpointer.start();
  expect(() => {
    while (checkpointer.cycle().exit.kind !== 'hlt');
  }).toThrow(LostWriteError);
});

it('a machine without a tracking method is refused', () => {
  const { vm } = loadedGuest(DIRTIER);
  expect(() => new Checkpointer(vm, new MemoryStore(), { dirtyTrigger: 0, maxDirty: MAX }).start()).toThrow('ENXIO');
});

describe('cycles that yield to the host', () => {
  const policy = { dirtyTrigger: 0, maxDirty: MAX, instructions: 250_000 };

  it('end early when asked to, and the next one goes on', async () => {
    const { vm } = loadedGuest(DIRTIER, { tracking: 'pml', verify: true });
    const store = new MemoryStore();
    const checkpointer = new Checkpointer(vm, store, policy);
    checkpointer.start();
    let turns = 0;
    const runSlice = (limit: number) => vm.runSlice(Math.min(limit, 20_000));
    const early = await checkpointer.cycleAsync(async () => turns++ < 1, { runSlice });
    expect(early).toMatchObject({ cpid: 1, exit: { kind: 'interrupted' }, retired: 20_000 });
    while ((await checkpointer.cycleAsync(async () => true)).exit.kind !== 'hlt') expect(store.lastCycle).toBeGreaterThan(1);
    expect(hashImage(rebuildCycle(store, store.lastCycle).pages)).toBe(hashMemory(vm));
  });

  it("end by the host's clock", () => {
    const { vm } = loadedGuest(DIRTIER, { tracking: 'pml' });
    let now = 0;
    const checkpointer = new Checkpointer(vm, new MemoryStore(), { dirtyTrigger: 0, maxDirty: MAX, milliseconds: 3.5 }, () => now);
    checkpointer.start();
    const { exit, retired } = checkpointer.cycle({
      runSlice: (limit) => {
        now++;
        return vm.runSlice(Math.min(limit, 20_000));
      },
    });
    expect({ kind: exit.kind, retired }).toEqual({ kind: 'limit', retired: 80_000 });
  });
});
