import { describe, expect, it } from 'vitest';
import { SyntheticMachine, codeOf } from './synthetic-machine.ts';
import type { Method } from './synthetic-arming.ts';

const stores = (count: number, from = 0) => Array.from({ length: count }, (_, i) => ({ vcpu: 0, gfn: from + i }));

describe.each<Method>(['write-protect', 'pml'])('dirty trigger, %s', (method) => {
  it('stops the vCPU right after the store that reached it', () => {
    const machine = new SyntheticMachine({ method }).track();
    machine.mt.mtDirtyTrigger(5);
    machine.mt.prepareMtCp(9n);
    expect(machine.slice(stores(20))).toEqual({ exit: { kind: 'mt-dirty-trigger', cpid: 9n, dirty: 5 }, done: 5 });
  });

  it('is raised at every entry until PREPARE, which guarantees a step', () => {
    const machine = new SyntheticMachine({ method }).track();
    machine.mt.mtDirtyTrigger(2);
    machine.mt.prepareMtCp(1n);
    machine.slice(stores(2));
    expect(machine.slice(stores(1))).toMatchObject({ exit: { dirty: 2 }, done: 0 });
    // Nothing was fetched: both entries are carried, and the trigger is reached from the start.
    machine.mt.prepareMtCp(2n);
    expect(machine.slice(stores(9, 10))).toEqual({ exit: { kind: 'mt-dirty-trigger', cpid: 2n, dirty: 3 }, done: 1 });
    expect(machine.slice(stores(9, 10))).toMatchObject({ done: 0 });
  });

  it('ends when it is raised above the count or switched off', () => {
    const machine = new SyntheticMachine({ method }).track();
    machine.mt.mtDirtyTrigger(2);
    machine.slice(stores(2));
    machine.mt.mtDirtyTrigger(4);
    expect(machine.slice(stores(9, 10))).toEqual({ exit: { kind: 'mt-dirty-trigger', cpid: null, dirty: 4 }, done: 2 });
    machine.mt.mtDirtyTrigger(0);
    expect(machine.slice(stores(9, 10))).toMatchObject({ exit: null, done: 9 });
  });

  it('counts host writes, and pages logged again after FETCH with REARM', () => {
    const machine = new SyntheticMachine({ method }).track();
    machine.mt.mtDirtyTrigger(4);
    machine.hostWrite(1, 0, 1);
    machine.slice(stores(1, 2));
    machine.fetchAll(true);
    expect(
      machine.slice([
        { vcpu: 0, gfn: 2 },
        { vcpu: 0, gfn: 2 },
        { vcpu: 1, gfn: 3 },
        { vcpu: 0, gfn: 4 },
      ]),
    ).toMatchObject({ exit: { dirty: 4 }, done: 3 });
  });

  it('leaves with mt-list-full at max_dirty, trigger or not', () => {
    for (const trigger of [0, 6, 3]) {
      const machine = new SyntheticMachine({ method }).track(0, 6);
      machine.mt.mtDirtyTrigger(trigger);
      const first = machine.slice(stores(20));
      const full = { exit: { kind: 'mt-list-full', dirty: 6 }, done: 6 };
      expect(first).toMatchObject(trigger === 3 ? { exit: { kind: 'mt-dirty-trigger' }, done: 3 } : full);
      machine.mt.mtDirtyTrigger(0);
      expect(machine.slice(stores(20)).exit).toMatchObject({ kind: 'mt-list-full', dirty: 6 });
      expect(machine.slice(stores(20)).done).toBe(0);
    }
  });

  it('is not fooled by log entries that turn out to be duplicates', () => {
    const machine = new SyntheticMachine({ method }).track(4);
    machine.mt.mtDirtyTrigger(3);
    for (const gfn of [1, 2]) machine.hostWrite(gfn, 0, 1);
    expect(machine.slice(stores(2, 1))).toMatchObject({ exit: null, done: 2 });
    expect(machine.slice(stores(1, 5))).toMatchObject({ exit: { dirty: 3 }, done: 1 });
  });

  it('is quiet while tracking is off', () => {
    const machine = new SyntheticMachine({ method }).track();
    machine.mt.mtDirtyTrigger(1);
    machine.slice(stores(1));
    machine.mt.enableMt(0);
    expect(machine.mt.pendingExit()).toBeNull();
    expect(machine.slice(stores(9))).toMatchObject({ exit: null, done: 9 });
  });
});

describe('a host write that reaches the trigger', () => {
  it('tells the run loop, which asks at the next entry', () => {
    const machine = new SyntheticMachine().track();
    machine.mt.mtDirtyTrigger(1);
    machine.hostWrite(3, 0, 1);
    expect(machine.triggers).toBe(1);
    expect(machine.slice(stores(3))).toMatchObject({ exit: { kind: 'mt-dirty-trigger', dirty: 1 }, done: 0 });
  });
});

describe('max_dirty beyond the pages there are', () => {
  const pages = 8;
  const all = stores(pages);

  it.each([0, 50])('is kept as it was asked for, and the list is full when every page is dirty (trigger %i)', (trigger) => {
    const machine = new SyntheticMachine({ pages }).track(0, 100);
    machine.mt.mtDirtyTrigger(trigger);
    expect(machine.mt.stats()).toMatchObject({ maxDirty: 100, dirtyTrigger: trigger });
    expect(machine.slice(all)).toMatchObject({ exit: { kind: 'mt-list-full', dirty: pages }, done: pages });
  });

  it('bounds the trigger as it was asked for', () => {
    const machine = new SyntheticMachine({ pages }).track(0, 100);
    machine.mt.mtDirtyTrigger(100);
    expect(codeOf(() => machine.mt.mtDirtyTrigger(101))).toBe('EINVAL');
    expect(machine.mt.stats().dirtyTrigger).toBe(100);
  });

  it('counts the pages of memslots that come and go', () => {
    const machine = new SyntheticMachine({ pages });
    machine.backed = pages / 2;
    machine.track(0, 100);
    machine.backed = pages;
    machine.mt.slotAdded(pages / 2, pages / 2);
    expect(machine.slice(stores(pages / 2 - 1))).toMatchObject({ exit: null });
    expect(machine.slice(all)).toMatchObject({ exit: { kind: 'mt-list-full', dirty: pages }, done: pages / 2 });
    machine.backed = pages / 2;
    machine.mt.slotDeleted(pages / 2, pages / 2);
    machine.fetchAll(true);
    machine.mt.prepareMtCp(2n);
    expect(machine.slice(stores(pages / 2))).toMatchObject({ exit: { kind: 'mt-list-full', dirty: pages / 2 } });
  });

  it('follows memslots also while tracking is off', () => {
    const machine = new SyntheticMachine({ pages });
    machine.backed = pages / 2;
    machine.mt.initMt({ op: 1, maxDirty: 100 });
    machine.backed = pages;
    machine.mt.slotAdded(pages / 2, pages / 2);
    machine.mt.enableMt(1);
    expect(machine.slice(stores(pages - 1))).toMatchObject({ exit: null });
  });
});
