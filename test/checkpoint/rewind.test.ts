// Going back to the end of a cycle, and on from there as another run or the same.

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import type { CheckpointPolicy } from '../../src/checkpoint/checkpointer.ts';
import { rebuildCycle, verifyRebuilds } from '../../src/checkpoint/rebuild.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import type { CheckpointStore } from '../../src/checkpoint/store.ts';
import { DirectoryStore, cycleFile } from '../../src/cli/checkpoint-directory.ts';
import { hashImage, hashMemory } from '../../src/snapshot/hash.ts';
import { createPc } from '../../src/machine/pc.ts';
import { writerDisk, writerPc } from './support/disk-writer.ts';
import { describeRewinds, run, state } from './rewind.ts';
import { DIRTIER, loadedGuest } from './support/guest.ts';

const root = mkdtempSync(join(tmpdir(), 'rewind-'));
afterAll(() => rmSync(root, { recursive: true }));
let directories = 0;
const newDirectory = (): string => join(root, `run-${directories++}`);

const STORES: readonly (readonly [string, () => CheckpointStore])[] = [
  ['memory', () => new MemoryStore()],
  ['a directory', () => DirectoryStore.create(newDirectory())],
];

describeRewinds(0);

describe.each(STORES)('a store in %s', (_name, create) => {
  const policy: CheckpointPolicy = { dirtyTrigger: 40, hash: true };

  it('goes on with another run after a rewind, and all of it rebuilds', () => {
    const { vm } = loadedGuest(DIRTIER, { tracking: 'pml', verify: true });
    const store = create();
    const checkpointer = new Checkpointer(vm, store, policy);
    checkpointer.start();
    run(vm, checkpointer, 5);
    checkpointer.rewindTo(2);
    // Something that did not happen the first time.
    vm.writeMemory(0x700000, Uint8Array.of(1, 2, 3));
    const { cpid, gfns } = checkpointer.cycle();
    expect([cpid, gfns.includes(0x700)]).toEqual([3, true]);
    run(vm, checkpointer);
    expect(verifyRebuilds(store)).toEqual({ checked: store.lastCycle + 1, wrong: [] });
    expect(hashImage(rebuildCycle(store, store.lastCycle).pages)).toBe(hashMemory(vm));
    store.close?.();
  });

  it('rewinds right after a cycle that it could not keep', () => {
    const { vm } = loadedGuest(DIRTIER, { tracking: 'write-protect', verify: true });
    const store = create();
    const checkpointer = new Checkpointer(vm, store, policy);
    checkpointer.start();
    const [, second] = run(vm, checkpointer, 2);
    const put = store.putDelta.bind(store);
    store.putDelta = () => {
      throw new Error('no space left');
    };
    expect(() => checkpointer.cycle()).toThrow('no space left');
    store.putDelta = put;
    checkpointer.rewindTo(2);
    expect(state(vm)).toBe(second);
    run(vm, checkpointer);
    expect(verifyRebuilds(store).wrong).toEqual([]);
    store.close?.();
  });

  it('forks into another, and stays as it was', () => {
    const { vm } = loadedGuest(DIRTIER, { tracking: 'pml', verify: true });
    const store = create();
    const checkpointer = new Checkpointer(vm, store, policy);
    checkpointer.start();
    const states = run(vm, checkpointer, 4);
    const other = create();
    checkpointer.rewindTo(2, { fork: other });
    expect([state(vm), checkpointer.store, other.lastCycle, store.lastCycle]).toEqual([states[1], other, 2, 4]);
    run(vm, checkpointer);
    expect(store.lastCycle).toBe(4);
    for (const each of [store, other]) {
      expect(verifyRebuilds(each)).toEqual({ checked: each.lastCycle + 1, wrong: [] });
      each.close?.();
    }
  });
});

it('a store in memory forks by itself, one with merged cycles too, and neither is disturbed by the other', () => {
  const { vm } = loadedGuest(DIRTIER, { tracking: 'pml', verify: true });
  const store = new MemoryStore(200 * 4096);
  const checkpointer = new Checkpointer(vm, store, { dirtyTrigger: 40, hash: true });
  checkpointer.start();
  while (store.firstCycle === 0) checkpointer.cycle();
  checkpointer.cycle();
  const { firstCycle, lastCycle } = store;
  expect(() => checkpointer.rewindTo(firstCycle - 1)).toThrow(`the store holds ${firstCycle} to ${lastCycle}`);
  expect(() => checkpointer.rewindTo(lastCycle, { fork: new MemoryStore() })).toThrow(/were merged into the base/);
  checkpointer.rewindTo(lastCycle - 1, { fork: true });
  const fork = checkpointer.store as MemoryStore;
  expect([fork.firstCycle, fork.lastCycle]).toEqual([firstCycle, lastCycle - 1]);
  run(vm, checkpointer);
  expect(fork.firstCycle).toBeGreaterThan(firstCycle);
  for (const each of [store, fork]) expect(verifyRebuilds(each)).toEqual({ checked: each.lastCycle - each.firstCycle + 1, wrong: [] });
});

it('the disk goes back too: blocks that were not written yet are not there', () => {
  const { vm } = writerPc(writerDisk(1500), { tracking: 'pml', verify: true });
  const store = new MemoryStore();
  const checkpointer = new Checkpointer(vm, store, { instructions: 60, hash: true });
  checkpointer.start();
  const states = [state(vm), ...run(vm, checkpointer, 6)];
  for (const cpid of [3, 0]) {
    checkpointer.rewindTo(cpid);
    expect(state(vm)).toBe(states[cpid]);
    expect(run(vm, checkpointer, 6 - cpid)).toEqual(states.slice(cpid + 1));
    expect(verifyRebuilds(store)).toEqual({ checked: states.length, wrong: [] });
  }
});

describe('a directory', () => {
  const rewound = () => {
    const { vm } = loadedGuest(DIRTIER, { tracking: 'pml' });
    const path = newDirectory();
    const store = DirectoryStore.create(path);
    const checkpointer = new Checkpointer(vm, store, { dirtyTrigger: 40, hash: true });
    checkpointer.start();
    const states = run(vm, checkpointer, 6);
    return { vm, path, store, checkpointer, states };
  };

  it('loses its last files first, so that a crash at any of them leaves a run that restores', () => {
    const { vm, path, store, checkpointer, states } = rewound();
    const held: string[][] = [];
    // What is there before each file goes, as a crash would leave it.
    const lock = store['lock']!;
    const check = lock.check.bind(lock);
    lock.check = () => {
      held.push(readdirSync(path).filter((name) => name.startsWith('cycle')));
      expect(verifyRebuilds(DirectoryStore.open(path)).wrong).toEqual([]);
      check();
    };
    checkpointer.rewindTo(2);
    lock.check = check;
    expect(held).toEqual([6, 5, 4, 3].map((count) => Array.from({ length: count }, (_, n) => cycleFile(n + 1))));
    expect(readdirSync(path).filter((name) => name.startsWith('cycle'))).toEqual([cycleFile(1), cycleFile(2)]);
    expect(state(vm)).toBe(states[1]);
    checkpointer.cycle();
    expect(verifyRebuilds(DirectoryStore.open(path))).toEqual({ checked: 4, wrong: [] });
  });

  it('that could not forget is asked again before the next cycle', () => {
    const { vm, path, store, checkpointer, states } = rewound();
    const lock = store['lock']!;
    const check = lock.check.bind(lock);
    let left = 2;
    lock.check = () => {
      if (left-- === 0) throw new Error('read-only file system');
      check();
    };
    expect(() => checkpointer.rewindTo(1)).toThrow('read-only file system');
    expect(state(vm)).toBe(states[0]);
    expect(existsSync(join(path, cycleFile(4)))).toBe(true);
    lock.check = check;
    expect(checkpointer.cycle().cpid).toBe(2);
    expect(state(vm)).toBe(states[1]);
    expect(verifyRebuilds(DirectoryStore.open(path))).toEqual({ checked: 3, wrong: [] });
  });

  it('that was opened to be read forgets nothing', () => {
    const { path } = rewound();
    expect(() => DirectoryStore.open(path).truncate(1)).toThrow(/was opened to be read/);
  });

  it('with a damaged cycle is refused, and nothing changes', () => {
    const { vm, store, checkpointer } = rewound();
    const before = state(vm);
    rmSync(store.file(3));
    expect(() => checkpointer.rewindTo(4)).toThrow(/cycle-000003\.tmck is missing/);
    expect([state(vm), store.lastCycle]).toEqual([before, 6]);
  });
});

describe('what cannot be done', () => {
  it('is said in one line', () => {
    const pc = createPc({ memory: 2 ** 20, tracking: 'pml' });
    expect(() => new Checkpointer(pc).rewindTo(0)).toThrow(/^ENXIO: the checkpointer was not started/);
    const store = new MemoryStore();
    const checkpointer = new Checkpointer(pc, { ...bare(store) });
    checkpointer.start();
    expect(() => checkpointer.rewindTo(1)).toThrow(/no cycle 1 \(cpid\): the store holds 0 to 0/);
    expect(() => checkpointer.rewindTo(0)).toThrow(/this store cannot forget cycles/);
    expect(() => checkpointer.rewindTo(0, { fork: true })).toThrow(/does not fork by itself/);
    expect(() => checkpointer.rewindTo(0, { forks: true } as object)).toThrow(/did you mean 'fork'\?/);
    const journal = pc.vm.record();
    expect(() => checkpointer.rewindTo(0, { fork: new MemoryStore() })).toThrow(/^EBUSY/);
    journal.stop();
  });

  /** A store without what is optional. */
  const bare = (store: MemoryStore): CheckpointStore => ({
    firstCycle: 0,
    get lastCycle() {
      return store.lastCycle;
    },
    base: () => store.base(),
    delta: (cpid) => store.delta(cpid),
    putBase: (base) => store.putBase(base),
    putDelta: (delta) => store.putDelta(delta),
  });
});

it('a checkpointer with nothing but a machine has a store, and cycles that end', () => {
  const pc = createPc({ memory: 2 ** 20, tracking: 'pml', image: Uint8Array.of(0xeb, 0xfe), at: 0x1000 });
  const checkpointer = new Checkpointer(pc);
  checkpointer.start();
  expect(checkpointer.cycle()).toMatchObject({ cpid: 1, retired: 1_000_000, exit: { kind: 'limit' } });
  expect(checkpointer.store.lastCycle).toBe(1);
});
