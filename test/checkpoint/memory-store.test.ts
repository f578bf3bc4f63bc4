// The store in memory uses its memory again, and what it has handed out stays as it is all the same.

import { describe, expect, it } from 'vitest';
import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import { rebuildCycle } from '../../src/checkpoint/rebuild.ts';
import type { DeltaCheckpoint } from '../../src/checkpoint/store.ts';
import { hashImage, hashMemory } from '../../src/snapshot/hash.ts';
import { DIRTIER, loadedGuest } from './support/guest.ts';

const PAGE = 4096;
/** Cycles of one instruction each report few pages: many fit. */
const POLICY = { dirtyTrigger: 0, maxDirty: 0xffffffff, instructions: 2_000 };
const FEW = 60 * PAGE;

function started(store: MemoryStore, tracking: 'write-protect' | 'pml' = 'pml') {
  const { vm } = loadedGuest(DIRTIER, { tracking });
  const checkpointer = new Checkpointer(vm, store, POLICY);
  checkpointer.start();
  const run = (cycles: number): void => {
    for (let n = 0; n < cycles; n++) checkpointer.cycle();
  };
  return { vm, checkpointer, run };
}

const copied = ({ pages }: DeltaCheckpoint): [number, Uint8Array][] => [...pages].map(([gfn, page]) => [gfn, new Uint8Array(page)]);

describe('a store in memory', () => {
  it('with a limit settles on the memory that it has', () => {
    const store = new MemoryStore(FEW);
    const { run } = started(store);
    run(120);
    expect(store.firstCycle).toBeGreaterThan(20);
    const { bytes } = store.pool;
    run(120);
    expect(store.pool.bytes).toBe(bytes);
  });

  it('leaves what it has handed out as it is when it merges it', () => {
    const store = new MemoryStore(FEW);
    const { run } = started(store);
    run(5);
    const held = store.delta(4);
    const rebuilt = rebuildCycle(store, 4);
    const before = { pages: copied(held), memory: hashImage(rebuilt.pages), state: structuredClone(held.state) };
    run(150);
    expect(store.firstCycle).toBeGreaterThan(4);
    expect(copied(held)).toEqual(before.pages);
    expect(hashImage(rebuilt.pages)).toBe(before.memory);
    expect(held.state).toEqual(before.state);
    const base = store.base();
    expect(base.state.ticks).toBe(store.firstCycle * POLICY.instructions);
  });

  it('rebuilds the machine from its merged base, with the state', () => {
    const store = new MemoryStore(FEW);
    const { vm, run } = started(store);
    run(100);
    const { state, pages } = rebuildCycle(store, store.lastCycle);
    expect(hashImage(pages)).toBe(hashMemory(vm));
    expect(state).toEqual(vm.save());
  });

  it('takes the pages of a cycle that failed, or was forgotten, again', () => {
    let isBroken = false;
    class Failing extends MemoryStore {
      override putDelta(delta: DeltaCheckpoint): void {
        if (isBroken) throw new Error('no space left');
        super.putDelta(delta);
      }
    }
    const store = new Failing(FEW);
    const { checkpointer, run } = started(store);
    run(150);
    const { bytes } = store.pool;
    isBroken = true;
    for (let n = 0; n < 20; n++) expect(() => checkpointer.cycle()).toThrow('no space left');
    isBroken = false;
    expect(store.pool.bytes).toBe(bytes);
    // Nobody has looked at the cycles that are forgotten here.
    store.truncate(store.firstCycle + 1);
    expect(store.pool.bytes).toBe(bytes);
  });

  it('gives deltas that can be spread into others, state and all', () => {
    const store = new MemoryStore();
    const { run } = started(store);
    run(2);
    const delta = store.delta(2);
    const other = new MemoryStore();
    other.putBase(store.base());
    other.putDelta(store.delta(1));
    other.putDelta({ ...delta, hash: null });
    expect(other.delta(2).state).toEqual(delta.state);
    expect(Object.keys(delta).sort()).toEqual(['blocks', 'cpid', 'end', 'hash', 'pages', 'state']);
  });

  it('owns the pages of a delta once, however often it is put', () => {
    const store = new MemoryStore(FEW);
    const { run } = started(store);
    run(1);
    for (let cpid = 2; cpid < 100; cpid++) store.putDelta({ ...store.delta(1 + store.firstCycle), cpid });
    expect(store.firstCycle).toBeGreaterThan(10);
    expect(copied(store.delta(99)).length).toBeGreaterThan(0);
  });
});

it('the state that is captured is that of the moment, whenever it is asked for', () => {
  const { vm } = loadedGuest(DIRTIER, { tracking: 'pml' });
  vm.runSlice(5_000);
  const plain = structuredClone(vm.saveCore());
  const core = vm.captureCore();
  const bytes = new Uint8Array(core.bytes);
  vm.runSlice(5_000);
  expect(core.decode(bytes)).toEqual(plain);
  expect(vm.saveCore()).not.toEqual(plain);
});
