import { describe, expect, it } from 'vitest';
import { KvmError } from '../../src/base/errors.ts';
import { LinearMemory } from '../../src/base/linear-memory.ts';
import { Access, TlbContext } from '../../src/mmu/access.ts';
import { attachArming } from '../../src/mmu/attach.ts';
import { EPT_D, EPT_LEAF, EPT_W } from '../../src/mmu/ept-entry.ts';
import { EptAccess, EptOrigin, EptOutcome, EptResult, eptAccess } from '../../src/mmu/ept-walk.ts';
import type { TrackingMethod } from '../../src/mmu/tracking.ts';
import { A, D, LongTables, MIB, P, RecordingSink, U, W, enableLong, leavesOf, machine } from './support.ts';
import type { TestMachine } from './support.ts';

const { READ, WRITE } = Access;
const { SUPERVISOR, USER } = TlbContext;
const ROOT = 0x10000;

function tracked(method: TrackingMethod, vcpus = 1): { m: TestMachine; t: LongTables } {
  const m = machine({ ram: 4 * MIB, vcpus, method });
  const t = new LongTables(m, ROOT);
  for (let vcpu = 0; vcpu < vcpus; vcpu++) enableLong(m, ROOT, { vcpu });
  return { m, t };
}

/** Page-table bits that are already set, so that the tables themselves stay clean under write-protect. */
const WARM = P | W | U | A | D;

/** What was reported of pages at or above 1 MiB, where these tests keep their data; drains PML first. */
function reported(m: TestMachine): (readonly (string | number)[])[] {
  m.states.forEach((_, vcpu) => m.tracking.drain(vcpu));
  return m.sink.take().filter(([, gfn]) => (gfn as number) >= 0x100);
}

/** Whether the next store misses. */
function storeMisses(m: TestMachine, linear: number, { vcpu = 0, context = USER }: { vcpu?: number; context?: number } = {}): boolean {
  const { counters } = m.vcpus[vcpu]!;
  const before = counters.writeMisses;
  m.vcpus[vcpu]!.translate(linear, WRITE, context);
  return counters.writeMisses !== before;
}

describe('without a method', () => {
  it('tracking cannot be enabled', () => {
    const { m } = tracked('none');
    expect(() => m.tracking.enable()).toThrow(KvmError);
    expect(() => m.tracking.enable()).toThrow(/ENXIO/);
  });
});

describe.each(['write-protect', 'pml'] as const)('tracking by %s', (method) => {
  it('leaves of the first store to a page what a walk would have left', () => {
    const { m, t } = tracked(method);
    for (let i = 0; i < 3; i++) t.map(0x5000 + i * 4096, 0x100000 + i * 4096, WARM);
    m.tracking.enable();
    // From here on the tables themselves are not written any more.
    m.vcpus[0]!.translate(0x5000, WRITE, USER);
    expect(reported(m)).toEqual([[0, 0x100]]);
    m.tracking.rearm([0x100], 1);
    const { u32 } = m.memory;
    const { views } = m.physical;
    const result = new EptResult();
    for (const [linear, gfn] of [0x5000, 0x6000, 0x7000, 0x5000, 0x6000].map((at) => [at, at / 4096 + 0xfb] as const)) {
      // Reading takes the walk that sets A, so that of two stores one has a leaf to go by and the other walks.
      if (linear === 0x6000) m.vcpus[0]!.translate(linear, READ, USER);
      const before = m.vcpus[0]!.counters.eptViolations;
      expect(m.vcpus[0]!.translate(linear, WRITE, USER)).toBe(m.physical.hostOffset(gfn * 4096));
      expect(m.vcpus[0]!.counters.eptViolations - before).toBe(method === 'pml' ? 0 : 1);
      expect(eptAccess(u32, views.eptp, gfn * 4096, EptAccess.WRITE, EptOrigin.FINAL_PAGE, null, result)).toBe(EptOutcome.OK);
      expect(result.leaf).toBe(views.ept.leafOf(gfn));
      expect(result.leaf & EPT_D).toBe(method === 'pml' ? EPT_D : 0);
      expect(result.leaf & EPT_W).toBe(EPT_W);
      expect(reported(m)).toEqual([[0, gfn]]);
      m.tracking.rearm([gfn], 1);
    }
  });

  it('reports the first store to a page, once', () => {
    const { m, t } = tracked(method);
    for (let i = 0; i < 4; i++) t.map(0x5000 + i * 4096, 0x100000 + i * 4096, WARM);
    m.tracking.enable();
    for (const linear of [0x7000, 0x5000, 0x5008, 0x7ff8]) m.vcpus[0]!.translate(linear, WRITE, USER);
    m.vcpus[0]!.translate(0x6000, READ, USER);
    expect(reported(m)).toEqual([
      [0, 0x102],
      [0, 0x100],
    ]);
    for (const linear of [0x7000, 0x5000]) m.vcpus[0]!.translate(linear, WRITE, USER);
    expect(reported(m)).toEqual([]);
  });

  it('takes write permission that was granted before it was enabled, and keeps the translation', () => {
    const { m, t } = tracked(method);
    t.map(0x5000, 0x100000, WARM);
    m.vcpus[0]!.translate(0x5000, WRITE, USER);
    m.tracking.enable();
    const walks = m.vcpus[0]!.counters.guestWalks;
    m.vcpus[0]!.translate(0x5000, READ, USER);
    expect(storeMisses(m, 0x5000)).toBe(true);
    expect(m.vcpus[0]!.counters.guestWalks).toBe(walks);
    expect(reported(m)).toEqual([[0, 0x100]]);
  });

  it('one write miss a page and arming', () => {
    const { m, t } = tracked(method);
    t.map(0x5000, 0x100000, WARM);
    m.tracking.enable();
    for (let round = 0; round < 3; round++) {
      expect([storeMisses(m, 0x5000), storeMisses(m, 0x5008), storeMisses(m, 0x5ff0)]).toEqual([true, false, false]);
      expect(reported(m)).toEqual([[0, 0x100]]);
      m.tracking.rearm([0x100], 1);
    }
  });

  it('leaves the tables, the log and the count of exits as a walk of them does, full log included', () => {
    const { m, t } = tracked(method);
    const PAGES = 700;
    for (let i = 0; i < PAGES; i++) t.map(0x400000 + i * 4096, 0x100000 + i * 4096, WARM);
    const [mmu] = m.vcpus;
    for (let i = 0; i < PAGES; i++) mmu!.translate(0x400000 + i * 4096, READ, USER);
    m.tracking.enable();
    // Under PML this sets A and D of the tables' pages, and A of the data's.
    mmu!.flushAll();
    for (let i = 0; i < PAGES; i++) mmu!.translate(0x400000 + i * 4096, READ, USER);
    reported(m);
    const { eptp, ept } = m.physical.views;
    const before = { ...mmu!.counters };
    for (let i = 0; i < PAGES; i++) {
      mmu!.translate(0x400000 + i * 4096, WRITE, USER);
      const result = new EptResult();
      const outcome = eptAccess(m.memory.u32, eptp, 0x100000 + i * 4096, EptAccess.WRITE, EptOrigin.FINAL_PAGE, null, result);
      expect([outcome, result.leaf]).toEqual([EptOutcome.OK, ept.leafOf(0x100 + i)]);
    }
    const { eptViolations, pmlFull, guestWalks } = mmu!.counters;
    const exits = method === 'pml' ? [0, 1] : [PAGES, 0];
    expect([eptViolations - before.eptViolations, pmlFull - before.pmlFull]).toEqual(exits);
    expect(guestWalks).toBe(before.guestWalks);
    expect(reported(m)).toEqual(Array.from({ length: PAGES }, (_, i) => [0, 0x100 + i]));
  });

  it('re-arming is exact: the neighbour keeps its permission', () => {
    const { m, t } = tracked(method);
    for (let i = 0; i < 3; i++) t.map(0x5000 + i * 4096, 0x100000 + i * 4096, WARM);
    m.tracking.enable();
    for (let i = 0; i < 3; i++) m.vcpus[0]!.translate(0x5000 + i * 4096, WRITE, USER);
    reported(m);
    m.tracking.rearm(Uint32Array.of(0x101, 0x100), 1);
    expect([0x5000, 0x6000, 0x7000].map((linear) => storeMisses(m, linear))).toEqual([false, true, false]);
    expect(reported(m)).toEqual([[0, 0x101]]);
  });

  it('re-arming takes permission from aliases, in every context', () => {
    const { m, t } = tracked(method);
    const aliases = [0x5000, 0x9000, -0x70000, 0x7f00_1234_5000];
    for (const linear of aliases) t.map(linear, 0x100000, WARM);
    t.map(0x6000, 0x101000, WARM);
    m.tracking.enable();
    const all = [...aliases.map((linear) => [linear, USER] as const), [0x5000, SUPERVISOR] as const];
    for (const [linear, context] of all) m.vcpus[0]!.translate(linear, WRITE, context);
    m.vcpus[0]!.translate(0x6000, WRITE, USER);
    reported(m);
    m.tracking.rearm([0x100], 1);
    expect(storeMisses(m, 0x6000)).toBe(false);
    expect(all.map(([linear, context]) => storeMisses(m, linear, { context }))).toEqual(all.map(() => true));
    expect(reported(m)).toEqual([[0, 0x100]]);
    m.tracking.rearm([0x100, 0x101, 0x100], 3);
    expect(all.map(([linear, context]) => storeMisses(m, linear, { context }))).toEqual(all.map(() => true));
    expect(storeMisses(m, 0x6000)).toBe(true);
  });

  it('re-arming takes permission from every vCPU', () => {
    const { m, t } = tracked(method, 3);
    t.map(0x5000, 0x100000, WARM);
    t.map(0x6000, 0x101000, WARM);
    m.tracking.enable();
    for (let vcpu = 0; vcpu < 3; vcpu++) for (const linear of [0x5000, 0x6000]) m.vcpus[vcpu]!.translate(linear, WRITE, USER);
    expect(reported(m)).toEqual([
      [0, 0x100],
      [0, 0x101],
    ]);
    m.tracking.rearm([0x100], 1);
    expect([0, 1, 2].map((vcpu) => storeMisses(m, 0x6000, { vcpu }))).toEqual([false, false, false]);
    expect([2, 1, 0].map((vcpu) => storeMisses(m, 0x5000, { vcpu }))).toEqual([true, true, true]);
    expect(reported(m)).toEqual([[2, 0x100]]);
  });

  it('re-arming finds permission granted to a page whose old entry was evicted, flushed or re-used', () => {
    const { m, t } = tracked(method);
    t.map(0x5000, 0x100000, WARM);
    t.map(0x405000, 0x101000, WARM);
    t.map(0x9000, 0x100000, WARM);
    m.tracking.enable();
    const mmu = m.vcpus[0]!;
    for (const linear of [0x5000, 0x405000, 0x9000]) mmu.translate(linear, WRITE, USER);
    mmu.flushAll();
    for (const linear of [0x9000, 0x5000]) mmu.translate(linear, WRITE, USER);
    m.vcpus[0]!.invlpg(0x9000);
    reported(m);
    m.tracking.rearm([0x100], 1);
    expect(storeMisses(m, 0x5000)).toBe(true);
    expect(reported(m)).toEqual([[0, 0x100]]);
  });

  it('re-arming passes over what is not RAM, and is idempotent', () => {
    const { m, t } = tracked(method);
    t.map(0x5000, 0x100000, WARM);
    m.tracking.enable();
    m.tracking.rearm([0x100, 5_000_000, 0x100, 2 ** 35], 4);
    m.tracking.rearm([0x100], 1);
    m.vcpus[0]!.translate(0x5000, WRITE, USER);
    expect(reported(m)).toEqual([[0, 0x100]]);
  });

  it('enabling splits large EPT leaves, so that a store does not hide 511 pages', () => {
    const { m, t } = tracked(method);
    expect(m.physical.views.ept.leafOf(0x300) & EPT_LEAF).toBe(EPT_LEAF);
    t.map(0x5000, 0x300000, WARM);
    t.map(0x6000, 0x301000, WARM);
    m.tracking.enable();
    expect(leavesOf(m).some((leaf) => leaf & EPT_LEAF)).toBe(false);
    m.vcpus[0]!.translate(0x5000, WRITE, USER);
    m.vcpus[0]!.translate(0x6000, WRITE, USER);
    expect(reported(m)).toEqual([
      [0, 0x300],
      [0, 0x301],
    ]);
  });

  it('disabling stops reports; enabling again arms every page', () => {
    const { m, t } = tracked(method);
    t.map(0x5000, 0x100000, WARM);
    m.tracking.enable();
    m.vcpus[0]!.translate(0x5000, WRITE, USER);
    reported(m);
    m.tracking.rearm([0x100], 1);
    m.tracking.disable();
    m.vcpus[0]!.translate(0x5000, WRITE, USER);
    expect(reported(m)).toEqual([]);
    const bit = method === 'pml' ? EPT_D : EPT_W;
    expect(leavesOf(m).every((leaf) => leaf & bit)).toBe(true);
    m.tracking.enable();
    m.vcpus[0]!.translate(0x5000, WRITE, USER);
    expect(reported(m)).toEqual([[0, 0x100]]);
    m.tracking.enable();
    expect(storeMisses(m, 0x5000), 'enabling twice changes nothing').toBe(false);
  });

  it('reports the page tables that the walk writes, and A/D updates re-armed are reported again', () => {
    const { m, t } = tracked(method);
    t.map(0x5000, 0x100000);
    t.map(0x6000, 0x101000);
    const table = t.entry(0x5000, 1) >>> 12;
    m.tracking.enable();
    m.vcpus[0]!.translate(0x5000, READ, USER);
    m.tracking.drain(0);
    expect(m.sink.take()).toContainEqual([0, table]);
    m.tracking.rearm([table], 1);
    m.vcpus[0]!.translate(0x6000, READ, USER);
    m.tracking.drain(0);
    expect(m.sink.take()).toEqual([[0, table]]);
  });

  it('a walk that faults writes nothing, though PML logs the tables it went through', () => {
    const { m, t } = tracked(method);
    t.map(0x5000, 0x100000, P);
    m.tracking.enable();
    expect(m.vcpus[0]!.translate(0x5000, WRITE, USER)).toBe(-2);
    m.tracking.drain(0);
    const tables = [4, 3, 2, 1].map((level) => [0, t.entry(0x5000, level) >>> 12]);
    expect(m.sink.take()).toEqual(method === 'pml' ? tables : []);
  });

  it('a host-side write is reported without a vCPU and leaves the arming alone', () => {
    const { m, t } = tracked(method);
    t.map(0x5000, 0x100000, WARM);
    m.tracking.enable();
    m.physical.writeHost(0x100ff8, new Uint8Array(16));
    m.physical.writeHost(0x100000, new Uint8Array(1));
    expect(reported(m)).toEqual([
      ['host', 0x100],
      ['host', 0x101],
      ['host', 0x100],
    ]);
    m.vcpus[0]!.translate(0x5000, WRITE, USER);
    expect(reported(m)).toEqual([[0, 0x100]]);
  });

  it('a slot added while tracking starts unarmed, with small leaves', () => {
    const { m } = tracked(method);
    m.physical.deleteMemslot(0);
    m.tracking.enable();
    m.physical.addMemslot({ slot: 0, guestPhysAddr: 0, memorySize: 4 * MIB });
    const tables = new LongTables(m, ROOT);
    tables.map(0x5000, 0x300000, WARM);
    m.vcpus[0]!.translate(0x5000, WRITE, USER);
    expect(reported(m)).toEqual([]);
    m.tracking.rearm([0x300], 1);
    m.vcpus[0]!.translate(0x5000, WRITE, USER);
    expect(reported(m)).toEqual([[0, 0x300]]);
  });

  it('page tables in a read-only slot are read the same with and without tracking', () => {
    const { m } = tracked(method);
    m.physical.deleteMemslot(0);
    m.physical.addMemslot({ slot: 0, guestPhysAddr: 0, memorySize: MIB, readonly: true });
    m.physical.addMemslot({ slot: 1, guestPhysAddr: MIB, memorySize: MIB });
    const t = new LongTables(m, ROOT);
    t.map(0x5000, 0x100000);
    const before = m.physical.readHost(0, MIB);
    for (const tracking of [false, true]) {
      if (tracking) m.tracking.enable();
      m.vcpus[0]!.flushAll();
      expect(m.vcpus[0]!.translate(0x5000, WRITE, USER)).toBe(m.physical.hostOffset(0x100000));
      expect(Buffer.compare(m.physical.readHost(0, MIB), before)).toBe(0);
    }
    expect(reported(m)).toEqual([[0, 0x100]]);
  });

  it('another thread arms and drains with the memory, the plan and the shape alone', () => {
    const { m, t } = tracked(method);
    t.map(0x5000, 0x100000, WARM);
    t.map(0x6000, 0x100000, WARM);
    const sink = new RecordingSink();
    const attached = attachArming(LinearMemory.attach(m.memory.memory), m.plan, m.shape, method, sink);
    attached.enable();
    for (const linear of [0x5000, 0x6000]) m.vcpus[0]!.translate(linear, WRITE, USER);
    attached.drain(0);
    const dirty = [...m.sink.take(), ...sink.take()].filter(([, gfn]) => gfn === 0x100);
    expect(dirty).toEqual([[0, 0x100]]);
    attached.rearm([0x100], 1);
    expect([0x5000, 0x6000].map((linear) => storeMisses(m, linear))).toEqual([true, true]);
    expect(reported(m)).toEqual([[0, 0x100]]);
    attached.disable();
    expect(m.tracking.enabled).toBe(false);
  });
});

describe('read-only slots', () => {
  it.each(['write-protect', 'pml'] as const)('stay so when tracking by %s is switched on and off', (method) => {
    const m = machine({ ram: 4 * MIB, method, slots: false });
    m.physical.addMemslot({ slot: 0, guestPhysAddr: 0, memorySize: 4 * MIB, readonly: true });
    for (const change of ['enable', 'disable', 'enable'] as const) {
      m.tracking[change]();
      m.tracking.rearm([5], 1);
      expect(m.vcpus[0]!.translate(0x5000, READ, SUPERVISOR)).toBe(m.physical.hostOffset(0x5000));
      expect(m.vcpus[0]!.translate(0x5000, WRITE, SUPERVISOR)).toBe(-1);
    }
    expect(m.sink.take()).toEqual([]);
  });
});

describe('code', () => {
  /** Everything that the listener is told from now on. */
  function listen(m: TestMachine): (number | string)[][] {
    const told: (number | string)[][] = [];
    m.physical.codeListener = {
      codeWritten: (gfn, from, to) => told.push([gfn, from, to]),
      codeForgotten: () => told.push(['all']),
    };
    return told;
  }

  it('marking takes write permission everywhere; the next write to it tells the listener, once', () => {
    const { m, t } = tracked('none', 2);
    const written = listen(m);
    for (const linear of [0x5000, 0x9000]) t.map(linear, 0x100000, WARM);
    for (const vcpu of [0, 1]) for (const linear of [0x5000, 0x9000]) m.vcpus[vcpu]!.translate(linear, WRITE, USER);
    const walks = m.vcpus[0]!.counters.guestWalks;
    m.physical.markCode(0x100, 0, 16);
    m.vcpus[0]!.translate(0x5000, READ, USER);
    expect(written).toEqual([]);
    expect([storeMisses(m, 0x5000), storeMisses(m, 0x5000), storeMisses(m, 0x9000)]).toEqual([true, false, true]);
    expect(storeMisses(m, 0x5000, { vcpu: 1 })).toBe(true);
    expect(written).toEqual([[0x100, 0, 4096]]);
    expect(m.vcpus[0]!.counters.guestWalks, 'the guest cannot see it').toBe(walks);
  });

  it('a read does not grant what code denies', () => {
    const { m, t } = tracked('none');
    t.map(0x5000, 0x100000, WARM);
    m.physical.markCode(0x100, 0, 1);
    m.vcpus[0]!.translate(0x5000, READ, USER);
    expect(storeMisses(m, 0x5000)).toBe(true);
  });

  it('a store beside it takes one miss as to any page, one to it tells which bytes', () => {
    const { m, t } = tracked('none');
    const written = listen(m);
    t.map(0x5000, 0x100000, WARM);
    m.physical.markCode(0x100, 0x103, 0x109);
    const store = (offset: number, bytes: number): number => {
      const { counters } = m.vcpus[0]!;
      const before = counters.writeMisses;
      m.vcpus[0]!.translate(0x5000 + offset, WRITE, USER, bytes);
      return counters.writeMisses - before;
    };
    expect([store(0, 8), store(0xff, 4), store(0x109, 8), store(0xff8, 8)]).toEqual([1, 0, 0, 0]);
    expect(written).toEqual([]);
    expect([store(0x100, 4), store(0x100, 4), store(0x108, 1), store(0x104, 4)]).toEqual([1, 0, 1, 1]);
    expect(written).toEqual([
      [0x100, 0x100, 0x104],
      [0x100, 0x108, 0x109],
      [0x100, 0x104, 0x108],
    ]);
    expect(m.physical.code.hasCode(m.physical.hostOffset(0x100000)), 'nothing is left').toBe(false);
    expect([store(0x100, 8), store(0x100, 8)], 'and the page is one of data').toEqual([0, 0]);
  });

  it.each(['write-protect', 'pml'] as const)('a page that also holds code is armed like any other, by %s', (method) => {
    const { m, t } = tracked(method);
    t.map(0x5000, 0x100000, WARM);
    m.physical.markCode(0x100, 0, 16);
    m.tracking.enable();
    for (let n = 0; n < 3; n++) {
      expect([storeMisses(m, 0x5800), storeMisses(m, 0x5800), storeMisses(m, 0x5ff8)]).toEqual([true, false, false]);
      expect(reported(m)).toEqual([[0, 0x100]]);
      m.tracking.rearm([0x100], 1);
    }
  });

  it('when more pages hold code than there is room for, all marks go, and the listener hears of it', () => {
    const { m } = tracked('none');
    const told = listen(m);
    // 4 MiB have as many pages as there can be rows for them: every page has its own.
    for (let gfn = 0; gfn < 1024; gfn++) m.physical.markCode(gfn, 0, 1);
    expect(told).toEqual([]);
    m.physical.forgetCode();
    expect(told).toEqual([['all']]);
    for (let gfn = 0; gfn < 1024; gfn++) expect(m.physical.code.meets(m.physical.hostOffset(gfn * 4096), 4096)).toBe(false);
  });

  it('every kind of writer is noticed', () => {
    const { m, t } = tracked('none');
    const written = listen(m);
    t.map(0x5000, 0x100000);
    const entry = t.entry(0x5000, 1);
    m.physical.markCode(entry >>> 12, 0, 4096);
    m.vcpus[0]!.translate(0x5000, READ, USER);
    m.physical.markCode(0x101, 0xfff, 0x1000);
    m.physical.fillHost(0x101fff, 1, 7);
    m.physical.markCode(0x102, 5, 6);
    m.physical.deleteMemslot(0);
    const inPage = entry & 0xfff;
    expect(written).toEqual([
      [entry >>> 12, inPage, inPage + 4],
      [0x101, 0xfff, 0x1000],
      [entry >>> 12, 0, 4096],
      [0x102, 0, 4096],
    ]);
  });
});
