import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangesOf } from '../../src/base/page-places.ts';
import { Access, TlbContext } from '../../src/mmu/access.ts';
import { EPT_A, EPT_D, EPT_LEAF } from '../../src/mmu/ept-entry.ts';
import { EptAccess, EptOrigin, EptOutcome, EptResult, eptAccess } from '../../src/mmu/ept-walk.ts';
import { RangePlaces } from '../../src/mmu/range-places.ts';
import { TAG_GUARDED, TAG_INVALID, TLB_ENTRIES, TLB_VICTIMS, tlbEntries, tlbVictims } from '../../src/mmu/tlb-layout.ts';
import type { TrackingMethod } from '../../src/mmu/tracking.ts';
import { A, CR4_PAE, CR4_PGE, CR4_SMAP, D, G, GIB, KIB, LongTables, MIB, P, U, W, enableLong, leavesOf, machine } from './support.ts';
import type { TestMachine } from './support.ts';

const ROOT = 0x10000;
const DATA = 0x100;
const FLAGS = EPT_A | EPT_D;

/** The cache against a walk of the real tables, for every GFN; the walk must change nothing. */
function checkFlatCache(m: TestMachine): void {
  const { ept, eptp } = m.physical.views;
  const result = new EptResult();
  const wrong: string[] = [];
  const same = (what: string, gfn: number, found: number, wanted: number): void => {
    if (found !== wanted) wrong.push(`gfn ${gfn}, ${what}: ${found} where ${wanted} is due`);
  };
  for (let gfn = 0; gfn < m.shape.gfnLimit; gfn++) {
    // A/D bits off, so that looking does not set them.
    const outcome = eptAccess(m.memory.u32, eptp & ~0x40, gfn * 4096, 0, EptOrigin.PDPTE_LOAD, null, result);
    const cached = ept.leafOf(gfn);
    if (outcome === EptOutcome.VIOLATION) same('not mapped', gfn, cached, 0);
    else if ((cached & EPT_LEAF) === 0) same('mapped', gfn, cached, result.leaf);
    else {
      same('in a large leaf', gfn, cached | FLAGS, result.leaf | FLAGS);
      same('A and D that the large leaf lacks', gfn, cached & ~result.leaf, 0);
    }
  }
  // Once for all, because an expectation takes longer than a walk.
  expect(wrong).toEqual([]);
}

const contextOf = (index: number): number =>
  index < TLB_VICTIMS ? [4, 3, 2, 1, 0].find((context) => tlbEntries(context).first <= index)! : index < tlbVictims(1).first ? 0 : 1;

/** Every grant in every write TLB against what it stands for. */
function checkInvariant(m: TestMachine): void {
  const { ept, tlbs, accessedDirty } = m.physical.views;
  for (const tlb of tlbs) {
    const { entry, linear } = tlb.save();
    const pages = entry.map((index, n) => `${contextOf(index)} ${linear[n]!}`);
    expect(new Set(pages).size, 'a page is held once under each context').toBe(pages.length);
    const holders = new Map<number, number[]>();
    for (let i = 0; i < TLB_ENTRIES; i++) {
      const tag = tlb.writeTag32[2 * i]!;
      if (tag === TAG_INVALID) continue;
      const gfn = tlb.gfnOf(i);
      const need = accessedDirty ? 0x303 : 3;
      expect(ept.leafOf(gfn) & need, `EPT leaf of gfn ${gfn} behind a write grant`).toBe(need);
      expect(tlb.hostOf(i)).toBe((ept.leafOf(gfn) & 0xfffff000) >>> 0);
      if ((tag & TAG_GUARDED) === 0) expect(m.physical.code.hasCode(tlb.hostOf(i))).toBe(false);
      holders.set(gfn, [...(holders.get(gfn) ?? []), i]);
    }
    for (const entries of holders.values()) {
      const slot = tlb.writeSlots.slotOf[tlb.writeSlots.pageOf(tlb.hostOf(entries[0]!))]!;
      if (entries.length > 1) expect(slot).toBe(0xffff);
      else expect([0xffff, entries[0]! + 1]).toContain(slot);
    }
  }
}

type Step =
  | { kind: 'access'; vcpu: number; page: number; access: number; context: number }
  | { kind: 'rearm'; gfns: number[] }
  | { kind: 'flush'; vcpu: number; how: number; page: number }
  | { kind: 'clear'; page: number }
  | { kind: 'code'; gfn: number }
  | { kind: 'host'; gfn: number }
  | { kind: 'toggle' };

const LINEAR_PAGES = 12;
/** Twice three linear pages fall on one TLB entry and one victim. Several share frames, one is large, read-only, or absent. */
function linearOf(page: number): number {
  if (page < 4) return 0x5000 + page * 0x1000;
  if (page < 8) return 0x1000000 * (1 + ((page - 4) >> 1)) + 0x5000 + (page & 1) * 0x1000;
  return page < 11 ? 0x200000 + page * 0x1000 : -0x5000;
}
const gfn = fc.integer({ min: DATA, max: DATA + 7 });
const page = fc.integer({ min: 0, max: LINEAR_PAGES - 1 });
const vcpu = fc.integer({ min: 0, max: 1 });
const access = fc.constantFrom(Access.READ, Access.WRITE, Access.FETCH);
const context = fc.integer({ min: 0, max: 2 });
const tableGfn = fc.integer({ min: 0x10, max: 0x18 });
const gfns = fc.array(fc.oneof(gfn, tableGfn, fc.integer({ min: 0, max: 2000 })), { maxLength: 6 });
const kind = <K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name);
const steps = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ kind: kind('access'), vcpu, page, access, context }) },
    { weight: 3, arbitrary: fc.record({ kind: kind('rearm'), gfns }) },
    { weight: 2, arbitrary: fc.record({ kind: kind('flush'), vcpu, how: fc.integer({ min: 0, max: 2 }), page }) },
    { weight: 2, arbitrary: fc.record({ kind: kind('clear'), page }) },
    { weight: 1, arbitrary: fc.record({ kind: kind('code'), gfn }) },
    { weight: 1, arbitrary: fc.record({ kind: kind('host'), gfn }) },
    { weight: 1, arbitrary: fc.record({ kind: kind('toggle') }) },
  ),
  { minLength: 1, maxLength: 120 },
);

interface Run {
  outcomes: number[];
  memory: Uint8Array;
  tlbs: unknown;
  walks: number[];
  dirtySinceArmed: Set<number>;
}

/** Runs the steps with tracking by `method` (switched on first), each write storing a byte that depends on the step only. */
function run(method: TrackingMethod, program: readonly Step[], check: (m: TestMachine) => void): Run {
  const m = machine({ ram: 4 * MIB, gfnLimit: 1536, vcpus: 2, method });
  const t = new LongTables(m, ROOT);
  for (let i = 0; i < 8; i++) t.map(linearOf(i), (DATA + (i % 5)) * 4096, P | W | U | (i === 2 ? G | A | D : 0n));
  t.peek.set64(t.entry(linearOf(3), 1), BigInt((DATA + 6) * 4096) | P | U);
  t.map(0x200000, 2 * MIB, P | W | U, 2);
  for (const vcpu of [0, 1]) enableLong(m, ROOT, { vcpu, cr4: CR4_PAE | CR4_PGE | (vcpu ? CR4_SMAP : 0n) });
  if (method !== 'none') m.tracking.enable();
  const outcomes: number[] = [];
  const shadow = new Map<number, Buffer>();
  const seen = new Set<number>();
  const frames = [...Array(64).keys()].map((i) => (i < 32 ? 0x10 + i : DATA + i - 32));
  const snapshot = (frame: number): Buffer => Buffer.from(m.physical.readHost(frame * 4096, 4096));
  for (const frame of frames) shadow.set(frame, snapshot(frame));
  const collect = (): void => {
    for (const vcpu of [0, 1]) m.tracking.drain(vcpu);
    for (const [, frame] of m.sink.take()) seen.add(frame as number);
  };
  program.forEach((step, n) => {
    if (step.kind === 'access') {
      const mmu = m.vcpus[step.vcpu]!;
      const linear = linearOf(step.page) + (n % 500) * 8;
      const context = step.access === Access.FETCH ? TlbContext.FETCH_SUPERVISOR + (step.context & 1) : step.context;
      const host = mmu.translate(linear, step.access, context);
      outcomes.push(host === -2 ? -2 - mmu.faultError : host === -1 ? mmu.mmioGpa : host - m.physical.hostOffset(0));
      if (host >= 0 && step.access === Access.WRITE) m.memory.u8[host] = n + 1;
    } else if (step.kind === 'rearm') {
      // As a checkpointer would: what was reported is copied after it is armed again, the rest is looked at and left.
      collect();
      m.tracking.rearm(step.gfns, step.gfns.length);
      for (const frame of step.gfns) {
        seen.delete(frame);
        if (shadow.has(frame)) shadow.set(frame, snapshot(frame));
      }
    } else if (step.kind === 'flush') {
      const mmu = m.vcpus[step.vcpu]!;
      if (step.how === 0) mmu.flushAll();
      else if (step.how === 1) mmu.flushNonGlobal();
      else mmu.invlpg(linearOf(step.page));
    } else if (step.kind === 'clear') {
      // The guest's kernel clears A and D without a flush, by a store of its own (seen by the host here).
      const at = t.entry(linearOf(step.page), step.page >= 8 && step.page < 11 ? 2 : 1);
      m.physical.writeHost(at, new Uint8Array(Buffer.from([Number(t.peek.get64(at) & 0x9fn)])));
    } else if (step.kind === 'code') m.physical.markCode(step.gfn, n, n + 8);
    else if (step.kind === 'host') m.physical.fillHost(step.gfn * 4096 + (n % 4096), 1, n);
    else if (method !== 'none') {
      collect();
      m.tracking.disable();
      m.tracking.enable();
      seen.clear();
      for (const frame of frames) shadow.set(frame, snapshot(frame));
    }
    check(m);
  });
  collect();
  if (method !== 'none') {
    const lost = frames.filter((frame) => !seen.has(frame) && !snapshot(frame).equals(shadow.get(frame)!));
    expect(lost, `${method}: pages written and not reported`).toEqual([]);
  }
  return {
    outcomes,
    memory: m.physical.readHost(0, 2 * MIB + 64 * KIB),
    walks: m.vcpus.map((mmu) => mmu.counters.guestWalks),
    tlbs: m.vcpus.map((mmu) => mmu.saveTlb()),
    dirtySinceArmed: seen,
  };
}

describe('for random sequences of accesses, flushes, host writes and re-arming', () => {
  it('the guest sees the same without tracking, by write-protect and by PML, and no write is lost', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const none = run('none', program, () => {});
        for (const method of ['write-protect', 'pml'] as const) {
          const tracked = run(method, program, () => {});
          expect(tracked.outcomes).toEqual(none.outcomes);
          expect(tracked.walks).toEqual(none.walks);
          expect(tracked.tlbs).toEqual(none.tlbs);
          expect(Buffer.compare(tracked.memory, none.memory), 'memory, page tables included').toBe(0);
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it.each(['none', 'write-protect', 'pml'] as const)(
    'write grants stand for what they should, and the flat cache equals the walk (%s)',
    (method) => {
      fc.assert(
        fc.property(steps, (program) => {
          let machineAtEnd: TestMachine | null = null;
          run(method, program, (m) => {
            checkInvariant(m);
            machineAtEnd = m;
          });
          checkFlatCache(machineAtEnd!);
        }),
        { numRuns: 15, seed: 2 },
      );
    },
  );
});

describe('for random memslots', () => {
  it('the flat cache equals the walk after every mapping, split, zap and access', () => {
    const slot = fc.integer({ min: 0, max: 5 });
    const anyGfn = fc.integer({ min: 0, max: 3583 });
    const pages = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 500, max: 1600 }));
    const action = fc.oneof(
      fc.record({ kind: kind('add'), slot, gfn: anyGfn, pages, readonly: fc.boolean() }),
      fc.record({ kind: kind('delete'), slot }),
      fc.record({ kind: kind('enable') }),
      fc.record({ kind: kind('disable') }),
      fc.record({ kind: kind('split'), gfn: anyGfn }),
      fc.record({ kind: kind('rearm'), gfn: anyGfn }),
      fc.record({ kind: kind('touch'), gfn: anyGfn, access: fc.constantFrom(Access.READ, Access.WRITE) }),
    );
    const method = fc.constantFrom('write-protect' as const, 'pml' as const);
    fc.assert(
      fc.property(fc.array(action, { minLength: 1, maxLength: 25 }), method, (actions, method) => {
        const m = machine({ ram: 8 * MIB, gfnLimit: 3584, method, slots: false });
        for (const a of actions) {
          try {
            if (a.kind === 'delete') m.physical.deleteMemslot(a.slot);
            else if (a.kind === 'add') {
              m.physical.addMemslot({ slot: a.slot, guestPhysAddr: a.gfn * 4096, memorySize: a.pages * 4096, readonly: a.readonly });
            }
          } catch (error) {
            expect((error as Error).name).toBe('KvmError');
          }
          if (a.kind === 'enable') m.tracking.enable();
          else if (a.kind === 'disable') m.tracking.disable();
          else if (a.kind === 'split') m.physical.views.ept.split(a.gfn);
          else if (a.kind === 'rearm') m.tracking.rearm([a.gfn], 1);
          else if (a.kind === 'touch') m.vcpus[0]!.translate(a.gfn * 4096, a.access, 0);
        }
        checkFlatCache(m);
        checkInvariant(m);
        for (const slot of m.physical.memslots) {
          const gfn = slot.guestPhysAddr / 4096;
          const last = gfn + slot.memorySize / 4096 - 1;
          for (const at of [gfn, last]) expect(m.physical.hostOffset(at * 4096)).toBe(slot.hostOffset + (at - gfn) * 4096);
        }
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it('1 GiB leaves are mapped, split and zapped like the others', () => {
    const GIB_PAGES = 512 * 512;
    const m = machine({ ram: GIB, gfnLimit: 3 * GIB_PAGES, slots: false });
    expect(new RangePlaces(m.physical.views.places, rangesOf(m.shape)).cover(GIB_PAGES, GIB_PAGES + 512)).toBe(true);
    const { ept, eptp } = m.physical.views;
    const result = new EptResult();
    const host = (gfn: number): number => {
      const outcome = eptAccess(m.memory.u32, eptp, gfn * 4096, EptAccess.READ, EptOrigin.FINAL_PAGE, null, result);
      return outcome === EptOutcome.OK ? result.host : -1;
    };
    // The tables only are looked at: nothing is there at these host offsets.
    ept.map(GIB_PAGES, GIB_PAGES + 512, 0x40000000, { writable: true, large: true, dirty: false });
    const sizes = [GIB_PAGES - 1, GIB_PAGES, 2 * GIB_PAGES, 2 * GIB_PAGES + 512].map((gfn) => ept.leafPages(gfn));
    expect(sizes).toEqual([0, GIB_PAGES, 512, 0]);
    expect(host(GIB_PAGES + 12345)).toBe(0x40000000 + 12345 * 4096);
    ept.split(GIB_PAGES + 1000);
    expect([GIB_PAGES, GIB_PAGES + 1000, GIB_PAGES + 1024].map((gfn) => ept.leafPages(gfn))).toEqual([512, 1, 512]);
    for (const page of [1000, 511, 12345, GIB_PAGES - 1]) expect(host(GIB_PAGES + page)).toBe(0x40000000 + page * 4096);
    ept.splitAll();
    expect(leavesOf(m).some((leaf) => leaf & EPT_LEAF)).toBe(false);
    ept.zap(GIB_PAGES, GIB_PAGES + 512);
    expect(leavesOf(m).some((leaf) => leaf !== 0)).toBe(false);
    expect(host(GIB_PAGES + 12345)).toBe(-1);
    ept.map(GIB_PAGES, GIB_PAGES, 0x40000000, { writable: true, large: true, dirty: false });
    ept.zap(GIB_PAGES + 5, 1);
    expect([4, 5, 6].map((page) => host(GIB_PAGES + page))).toEqual([0x40004000, -1, 0x40006000]);
  });
});
