// What a guest writes to its disk is kept by what changed in each cycle, and nothing of it is lost.

import { describe, expect, it } from 'vitest';
import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import { rebuildCycle, resumeCycle, verifyRebuilds } from '../../src/checkpoint/rebuild.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import type { DeltaCheckpoint } from '../../src/checkpoint/store.ts';
import { hashMachine } from '../../src/snapshot/hash.ts';
import type { VmState } from '../../src/vm/save.ts';
import { writerDisk, writerPc } from './support/disk-writer.ts';

const DISK = writerDisk(4000);
const POLICY = { dirtyTrigger: 0, maxDirty: 0xffffffff, instructions: 60, hash: true };

/** Cycles until the guest has halted; `failing` calls of putDelta fail. */
function checkpointed(failing: readonly number[] = [], limit = Infinity, disk = DISK) {
  const { vm } = writerPc(disk, { tracking: 'pml' });
  const store = new (class extends MemoryStore {
    private calls = 0;
    override putDelta(delta: DeltaCheckpoint): void {
      if (failing.includes(++this.calls)) throw new Error('no space left');
      super.putDelta(delta);
    }
  })(limit);
  const checkpointer = new Checkpointer(vm, store, POLICY);
  checkpointer.start();
  for (let ended = false; !ended; ) {
    try {
      ended = checkpointer.cycle().exit.kind === 'hlt';
    } catch (error) {
      expect(String(error)).toMatch(/no space left/);
    }
  }
  return { vm, store };
}

/** Faster on megabytes than comparing element by element. */
function expectSameDisk(a: VmState['blocks'], b: VmState['blocks']): void {
  expect(a['bios']!.numbers).toEqual(b['bios']!.numbers);
  expect(Buffer.compare(a['bios']!.bytes, b['bios']!.bytes)).toBe(0);
}

const blocksOf = (store: MemoryStore, cpid: number): number[] => [...(store.delta(cpid).blocks.get('bios')?.keys() ?? [])];

describe('checkpoints of a guest that writes its disk', () => {
  it('hold in each cycle what was written in it, and no more', () => {
    const { store } = checkpointed();
    const cycles = Array.from({ length: store.lastCycle }, (_, n) => blocksOf(store, n + 1));
    const most = Math.max(...cycles.map((blocks) => blocks.length));
    const all = new Set(cycles.flat());
    expect(all.size).toBeGreaterThan(480);
    expect(most * 3).toBeLessThan(all.size);
    // The last block of a write is the first of the next, which may belong to the next cycle.
    expect(cycles.flat().length).toBeLessThanOrEqual(all.size + cycles.length);
    expect(store.base().blocks.get('bios')!.size).toBe(0);
  });

  it.each([[[]], [[1]], [[2, 3, 4]]])('rebuild and go on from every cycle; failed ones: %j', (failing) => {
    const { vm, store } = checkpointed(failing);
    expect(verifyRebuilds(store)).toEqual({ checked: store.lastCycle + 1, wrong: [] });
    for (const cpid of [0, 1, store.lastCycle >> 1, store.lastCycle]) {
      const { vm: other } = writerPc(DISK);
      resumeCycle(other, store, cpid);
      expect(other.runSlice().exit.kind).toBe('hlt');
      expect(hashMachine(other)).toBe(hashMachine(vm));
      expectSameDisk(other.save().blocks, vm.save().blocks);
    }
  });

  it('of a failed cycle, the next one has the blocks', () => {
    const whole = checkpointed();
    const { store } = checkpointed([1]);
    expect(new Set(blocksOf(store, 1))).toEqual(new Set([...blocksOf(whole.store, 1), ...blocksOf(whole.store, 2)]));
  });

  it('rebuild when old cycles have been merged', () => {
    const { vm, store } = checkpointed([], 1 << 18);
    expect(store.firstCycle).toBeGreaterThan(1);
    expect(verifyRebuilds(store).wrong).toEqual([]);
    const { state, hash } = rebuildCycle(store, store.lastCycle);
    expectSameDisk(state.blocks, vm.save().blocks);
    expect(hash).toBe(hashMachine(vm));
  });

  it('begin with what the disk held already', () => {
    const { vm } = writerPc(DISK, { tracking: 'pml' });
    vm.runSlice(300);
    const checkpointer = new Checkpointer(vm, new MemoryStore(), POLICY);
    checkpointer.start();
    checkpointer.cycle();
    checkpointer.stop();
    const store = new MemoryStore();
    const second = new Checkpointer(vm, store, POLICY);
    second.start();
    expect(store.base().blocks.get('bios')!.size).toBeGreaterThan(50);
    second.cycle();
    expectSameDisk(rebuildCycle(store, 1).state.blocks, vm.save().blocks);
    expect(verifyRebuilds(store).wrong).toEqual([]);
  });

  it('are not those of a disk whose blocks were lost: the hash tells', () => {
    const { store } = checkpointed();
    const put = store.delta(2);
    const { firstCycle, lastCycle } = store;
    const delta = (cpid: number): DeltaCheckpoint => (cpid === 2 ? { ...put, blocks: new Map() } : store.delta(cpid));
    const forged = { firstCycle, lastCycle, delta, base: () => store.base(), putBase() {}, putDelta() {} };
    expect(verifyRebuilds(forged).wrong).toContain(2);
  });
});
