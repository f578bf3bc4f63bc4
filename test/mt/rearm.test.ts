import { describe, expect, it } from 'vitest';
import { SyntheticMachine } from './synthetic-machine.ts';

// What re-arming clears and what the list of pages to re-arm holds, where several sources have logged one page (mt.md, "Laws"
// 3 and 4, and "Call by call", REARM_DIRTY_PAGES).

const PAGE = 6;

const store = (gfn = PAGE, vcpu = 0) => [{ vcpu, gfn }];

describe.each(['write-protect', 'pml'] as const)('re-arming, %s', (method) => {
  const machine = (pages = 64): SyntheticMachine => new SyntheticMachine({ method, pages, verify: true }).track();

  it('keeps the mark of a source whose entry still waits: one entry a source, however often', () => {
    const m = machine();
    for (let round = 1; round <= 100; round++) {
      m.hostWrite(PAGE, 0, round);
      m.stores(store());
      expect([...m.mt.fetchSublist({ count: 1, rearm: true }).gfns]).toEqual([PAGE]);
      expect(m.mt.stats().waiting, `after round ${round}`).toBe(1);
    }
    m.mt.mtVmQuiesced();
    expect(m.fetchAll()).toEqual([PAGE]);
  });

  it('keeps only that mark: the source whose entry was taken logs again', () => {
    const m = machine();
    m.hostWrite(PAGE, 0, 1);
    m.stores(store());
    m.mt.fetchSublist({ count: 1, rearm: true });
    m.hostWrite(PAGE, 0, 2);
    expect(m.mt.stats().waiting).toBe(2);
  });

  it('a page fetched unarmed, re-armed by way of another source, and fetched unarmed again is re-armed once more', () => {
    const m = machine();
    m.hostWrite(PAGE, 0, 1);
    m.stores(store());
    m.mt.fetchSublist({ count: 1 });
    m.mt.fetchSublist({ count: 1, rearm: true });
    m.stores(store());
    expect(m.fetchAll()).toEqual([PAGE]);
    expect(m.arming.armed[PAGE]).toBe(0);
    m.mt.mtVmQuiesced();
    m.mt.prepareMtCp(1n);
    expect(m.mt.stats().cycle.lateRearmed).toBe(1);
    m.stores(store());
    m.mt.mtVmQuiesced();
    expect(m.fetchAll()).toEqual([PAGE]);
  });

  it('a memslot deleted takes its pages out of the list: what lies there next is listed once', () => {
    const pages = 8;
    const m = machine(pages);
    const stores = Array.from({ length: pages }, (_, gfn) => ({ vcpu: 0, gfn }));
    m.stores(stores);
    expect(m.fetchAll()).toHaveLength(pages);
    m.mt.slotDeleted(0, pages);
    expect(m.views.control.rearmLength[0]).toBe(0);
    m.mt.slotAdded(0, pages);
    expect(m.fetchAll()).toHaveLength(pages);
    m.mt.rearmDirtyPages();
    expect(m.mt.stats().cycle.rearmed).toBe(pages);
    m.mt.prepareMtCp(1n);
    m.stores(stores);
    expect(m.fetchAll()).toHaveLength(pages);
  });

  it('a memslot deleted leaves the pages of others in the list', () => {
    const m = machine();
    m.stores([...store(3), ...store(9), ...store(20)]);
    m.fetchAll();
    m.mt.slotDeleted(8, 8);
    m.mt.rearmDirtyPages();
    expect(m.mt.stats().cycle.rearmed).toBe(2);
    expect([3, 9, 20].map((gfn) => m.arming.armed[gfn])).toEqual([1, 0, 1]);
  });
});
