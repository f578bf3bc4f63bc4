import { describe, expect, it } from 'vitest';
import { SyntheticMachine, codeOf } from './synthetic-machine.ts';

const store = (...gfns: number[]) => gfns.map((gfn) => ({ vcpu: 0, gfn, value: gfn + 1 }));

describe('a cycle', () => {
  it('counts, reports and arms per cycle', () => {
    const machine = new SyntheticMachine().track();
    const { mt } = machine;
    expect(mt.stats().cpid).toBeNull();
    mt.prepareMtCp(-5n);
    machine.stores(store(4, 2, 9));
    expect(mt.fetchSublist({ count: 2 })).toMatchObject({ gfns: Uint32Array.of(4, 2), waiting: 1 });
    mt.mtVmQuiesced();
    expect(machine.fetchAll()).toEqual([9]);
    expect(machine.fetchAll()).toEqual([]);
    expect(mt.stats()).toMatchObject({ cpid: -5n, dirty: 3, waiting: 0, quiesced: true, cycle: { entries: 3, fetched: 3, carried: 0 } });
    mt.rearmDirtyPages();
    mt.prepareMtCp(-4n);
    expect(mt.stats()).toMatchObject({ cpid: -4n, dirty: 0, quiesced: false, cycle: { entries: 0, lateRearmed: 0 } });
    expect(mt.stats().total.entries).toBe(3);
    machine.stores(store(2));
    expect(machine.fetchAll()).toEqual([2]);
  });

  it.each([0n, -1n, 1n << 62n, -(1n << 63n), (1n << 63n) - 1n, 0xffffffffn])('reports cpid %s back', (cpid) => {
    const { mt } = new SyntheticMachine().track();
    mt.prepareMtCp(cpid);
    expect(mt.cpid).toBe(cpid);
  });

  it('carries over what was not fetched and re-arms late what was not re-armed', () => {
    const machine = new SyntheticMachine().track();
    const { mt } = machine;
    mt.prepareMtCp(1n);
    machine.stores(store(1, 2, 3, 4));
    mt.fetchSublist({ count: 1 });
    mt.fetchSublist({ count: 1, rearm: true });
    mt.prepareMtCp(2n);
    expect(mt.stats()).toMatchObject({ dirty: 2, waiting: 2, cycle: { carried: 2, lateRearmed: 1 } });
    machine.stores(store(1, 2, 3));
    // Page 3 still waits from before: its entry stands for the new store as well.
    expect(machine.fetchAll()).toEqual([3, 4, 1, 2]);
  });

  it('carries over what was written before the first PREPARE', () => {
    const machine = new SyntheticMachine().track();
    machine.stores(store(5));
    machine.mt.prepareMtCp(1n);
    expect(machine.mt.stats().cycle.carried).toBe(1);
    expect(machine.fetchAll()).toEqual([5]);
  });

  it('re-arms exactly what was fetched and is not armed, once', () => {
    const machine = new SyntheticMachine().track();
    const { mt, arming } = machine;
    machine.stores(store(1, 2, 3));
    mt.fetchSublist({ count: 2 });
    mt.rearmDirtyPages();
    expect([1, 2, 3].map((gfn) => arming.armed[gfn])).toEqual([1, 1, 0]);
    expect(arming.calls.rearmedPages).toBe(2);
    mt.rearmDirtyPages();
    mt.prepareMtCp(1n);
    expect(arming.calls.rearmedPages).toBe(2);
    expect(mt.stats().cycle.lateRearmed).toBe(0);
  });

  it('does not re-arm again what a later fetch has re-armed', () => {
    const machine = new SyntheticMachine().track();
    machine.stores(store(1));
    machine.hostWrite(1, 0, 7);
    machine.mt.fetchSublist({ count: 1 });
    machine.mt.fetchSublist({ count: 1, rearm: true });
    const { rearmedPages } = machine.arming.calls;
    machine.stores(store(1));
    machine.mt.rearmDirtyPages();
    expect(machine.arming.calls.rearmedPages).toBe(rearmedPages);
    expect(machine.arming.armed[1]).toBe(0);
    expect(machine.fetchAll()).toEqual([1]);
  });

  it('treats a page fetched without REARM as untracked, and one fetched with it as armed', () => {
    const machine = new SyntheticMachine().track();
    machine.stores(store(1, 2));
    machine.mt.fetchSublist({ count: 1 });
    machine.mt.fetchSublist({ count: 1, rearm: true });
    machine.stores(store(1, 2));
    expect(machine.fetchAll()).toEqual([2]);
  });

  it('logs a host write to a fetched page while quiesced: its copy may have been made already', () => {
    for (const flags of [0, 4]) {
      const machine = new SyntheticMachine({ verify: true }).track(flags);
      machine.hostWrite(6, 0, 1);
      machine.mt.mtVmQuiesced();
      expect(machine.fetchAll()).toEqual([6]);
      machine.hostWrite(6, 0, 2);
      machine.hostWrite(6, 0, 3);
      machine.mt.prepareMtCp(1n);
      expect(machine.mt.stats().cycle.carried).toBe(1);
      expect(machine.fetchAll()).toEqual([6]);
      expect(machine.mt.stats().waiting).toBe(0);
    }
  });

  it('refuses vCPUs between QUIESCED and PREPARE', () => {
    const machine = new SyntheticMachine().track();
    machine.mt.mtVmQuiesced();
    expect(codeOf(() => machine.stores(store(1)))).toBe('EBUSY');
    machine.mt.prepareMtCp(1n);
    expect(machine.stores(store(1))).toBeNull();
  });

  it('flushes what the hardware logged at QUIESCED, in write order', () => {
    const machine = new SyntheticMachine({ method: 'pml' }).track();
    for (const [vcpu, gfn] of [
      [1, 7],
      [0, 3],
      [1, 2],
      [0, 8],
    ])
      machine.arming.noticeStore(vcpu, gfn);
    expect(machine.mt.stats().waiting).toBe(0);
    machine.mt.mtVmQuiesced();
    expect(machine.mt.stats().waiting).toBe(4);
    expect(machine.fetchAll()).toEqual([3, 8, 7, 2]);
  });

  it('counts suppressed duplicates, host writes and full logs', () => {
    const machine = new SyntheticMachine({ method: 'pml', pages: 2048 }).track();
    machine.mt.prepareMtCp(1n);
    machine.stores(store(...Array(1100).keys()));
    machine.hostWrite(3, 0, 1);
    machine.hostWrite(3, 0, 2);
    expect(machine.mt.stats().cycle).toMatchObject({
      entries: 1101,
      duplicatesSuppressed: 1,
      hostWrites: 2,
      external: { pmlFullExits: 2 },
    });
    machine.mt.prepareMtCp(2n);
    const { cycle, total } = machine.mt.stats();
    expect(cycle).toMatchObject({ hostWrites: 0, external: { pmlFullExits: 0 } });
    expect(total).toMatchObject({ hostWrites: 2, external: { pmlFullExits: 2 } });
  });

  it('starts clean after tracking was off', () => {
    const machine = new SyntheticMachine().track();
    const { mt } = machine;
    mt.prepareMtCp(3n);
    machine.stores(store(1, 2));
    mt.fetchSublist({ count: 1 });
    mt.enableMt(0);
    machine.stores(store(5));
    machine.hostWrite(6, 0, 1);
    expect(machine.arming.calls).toMatchObject({ enable: 1, disable: 1 });
    mt.enableMt(1);
    expect(mt.stats()).toMatchObject({ cpid: null, dirty: 0, waiting: 0 });
    machine.stores(store(2));
    expect(machine.fetchAll()).toEqual([2]);
    mt.initMt({ op: 2 });
    expect(mt.stats()).toMatchObject({ initialised: false, enabled: false });
    mt.initMt({ op: 1, maxDirty: 4, flags: 4 });
    expect(mt.stats()).toMatchObject({ initialised: true, enabled: false, dirtyTrigger: 0, total: { entries: 0 } });
  });
});

describe('abort', () => {
  it('reports every page of the cycle again, once', () => {
    const machine = new SyntheticMachine().track();
    const { mt } = machine;
    machine.stores(store(9));
    machine.fetchAll(true);
    mt.prepareMtCp(1n);
    machine.stores(store(1, 2, 3));
    expect(machine.fetchAll(true)).toEqual([1, 2, 3]);
    machine.stores(store(2, 4));
    mt.fetchSublist({ count: 1 });
    // 1 and 3 were fetched and 2 was fetched twice; 4 waits anyway; 9 belongs to the cycle before.
    expect(mt.abort()).toBe(3);
    expect(mt.abort()).toBe(0);
    expect(mt.stats()).toMatchObject({ waiting: 4, dirty: 5, cycle: { reportedAgain: 3 } });
    mt.prepareMtCp(2n);
    expect(mt.stats()).toMatchObject({ dirty: 4, cycle: { carried: 4 } });
    expect(machine.fetchAll()).toEqual([1, 2, 3, 4]);
    expect(mt.abort()).toBe(4);
  });
});

describe('memslots', () => {
  it('discards the entries of a deleted slot and reports a new one whole', () => {
    const machine = new SyntheticMachine().track();
    const { mt } = machine;
    machine.stores([...store(8, 1, 9), { vcpu: 1, gfn: 10 }, { vcpu: 1, gfn: 30 }]);
    machine.hostWrite(11, 0, 1);
    mt.fetchSublist({ count: 1 });
    mt.slotDeleted(8, 8);
    expect(mt.stats()).toMatchObject({ waiting: 2, cycle: { discarded: 3 } });
    mt.slotAdded(8, 4);
    expect(machine.fetchAll()).toEqual([8, 9, 10, 11, 1, 30]);
    mt.rearmDirtyPages();
    mt.slotDeleted(8, 4);
    expect(mt.abort()).toBe(2);
  });

  it('discards what the hardware still holds for it', () => {
    const machine = new SyntheticMachine({ method: 'pml' }).track();
    machine.arming.noticeStore(0, 8);
    machine.mt.slotDeleted(8, 1);
    expect(machine.mt.stats()).toMatchObject({ waiting: 0, cycle: { discarded: 1 } });
    expect(machine.fetchAll()).toEqual([]);
  });

  it('keeps lists usable however often slots come and go', () => {
    const machine = new SyntheticMachine({ pages: 8 }).track();
    for (let i = 0; i < 50; i++) {
      machine.mt.slotDeleted(0, 8);
      machine.mt.slotAdded(0, 8);
      machine.mt.fetchSublist({ count: 3 });
    }
    expect(machine.fetchAll()).toEqual([3, 4, 5, 6, 7]);
  });
});
