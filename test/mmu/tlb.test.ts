import { describe, expect, it } from 'vitest';
import { Access, TlbContext } from '../../src/mmu/access.ts';
import { TLB_ENTRIES, TLB_VICTIMS, TlbInfo, tlbEntries } from '../../src/mmu/tlb-layout.ts';
import { entryOf, victimOf } from '../../src/mmu/tlb.ts';
import type { Tlb } from '../../src/mmu/tlb.ts';
import { CR4_PAE, CR4_PGE, EFER_LONG, EFER_NXE, G, LongTables, MIB, P, U, W, enableLong, machine } from './support.ts';
import type { TestMachine } from './support.ts';

const { READ, WRITE, FETCH } = Access;
const { SUPERVISOR, USER, SUPERVISOR_AC } = TlbContext;
const ROOT = 0x10000;

function setup(vcpus = 1): { m: TestMachine; t: LongTables } {
  const m = machine({ ram: 4 * MIB, vcpus });
  const t = new LongTables(m, ROOT);
  for (let vcpu = 0; vcpu < vcpus; vcpu++) enableLong(m, ROOT, { vcpu, cr4: CR4_PAE | CR4_PGE, efer: EFER_LONG | EFER_NXE });
  return { m, t };
}

const indexOf = entryOf;
/** Bytes after which pages have the same first entry again, and the same victim. */
const SAME_ENTRY = (tlbEntries(TlbContext.USER).mask + 1) * 4096;

/** Which of the tags would let an engine pass at `linear`, by an engine's own comparison. */
function hits(tlb: Tlb, linear: number, context: number, i = indexOf(linear, context)): string {
  const low = (linear & ~0xfff) >>> 0;
  const high = Math.floor(linear / 2 ** 32) >>> 0;
  const hit = (tags: Uint32Array): boolean => tags[2 * i] === low && tags[2 * i + 1] === high;
  const first = context < TlbContext.FETCH_SUPERVISOR ? 'r' : 'x';
  return (hit(tlb.readTag32) ? first : '') + (hit(tlb.writeTag32) ? 'w' : '');
}

describe('what a translation grants', () => {
  it.each([
    [P | W | U, READ, 'r', 'D is clear: the store must walk'],
    [P | W | U | 0x40n, READ, 'rw', 'D is set: a store needs nothing'],
    [P | W | U, WRITE, 'rw', ''],
    [P | U, READ, 'r', ''],
    [P | U | 0x40n, READ, 'r', ''],
    [P | W | U | (1n << 63n), READ, 'r', ''],
    [P | W | U, FETCH, 'x', ''],
    [P | W | U | 0x40n, FETCH, 'x', 'entries of fetches permit nothing else'],
  ] as const)('leaf %s, access %i: %s %s', (leaf, access, expected, _why) => {
    const { m, t } = setup();
    t.map(-0x5000, 0x100000, leaf);
    const context = access === FETCH ? TlbContext.FETCH_USER : USER;
    m.vcpus[0]!.translate(-0x5000, access, context);
    expect(hits(m.vcpus[0]!.tlb, -0x5000, context)).toBe(expected);
    expect(hits(m.vcpus[0]!.tlb, -0x5000, SUPERVISOR), 'other contexts have entries of their own').toBe('');
    expect(m.vcpus[0]!.tlb.hostOf(indexOf(-0x5000, context))).toBe(m.physical.hostOffset(0x100000));
  });

  it('addresses that differ in the high half only do not hit', () => {
    const { m, t } = setup();
    t.map(0x5000, 0x100000);
    m.vcpus[0]!.translate(0x5000, WRITE, USER);
    for (const linear of [2 ** 32 + 0x5000, 0x5000 - 2 ** 32, 2 ** 46 + 0x5000]) expect(hits(m.vcpus[0]!.tlb, linear, USER)).toBe('');
  });

  it('a new machine hits nowhere, address 0 included', () => {
    const { m } = setup();
    for (const context of [SUPERVISOR, USER, SUPERVISOR_AC]) expect(hits(m.vcpus[0]!.tlb, 0, context)).toBe('');
  });

  it('a read-only slot is readable, and a write to it is MMIO', () => {
    const { m, t } = setup();
    m.physical.deleteMemslot(0);
    m.physical.addMemslot({ slot: 0, guestPhysAddr: 0, memorySize: 2 * MIB });
    m.physical.addMemslot({ slot: 1, guestPhysAddr: 2 * MIB, memorySize: 4096, readonly: true });
    t.map(0x5000, 2 * MIB);
    const mmu = m.vcpus[0]!;
    expect(mmu.translate(0x5004, WRITE, USER)).toBe(-1);
    expect(mmu.mmioGpa).toBe(2 * MIB + 4);
    expect(mmu.translate(0x5004, READ, USER)).toBe(m.physical.hostOffset(2 * MIB + 4));
    expect(hits(mmu.tlb, 0x5000, USER)).toBe('r');
    expect(mmu.translate(0x5008, WRITE, USER)).toBe(-1);
    expect(mmu.mmioGpa).toBe(2 * MIB + 8);
  });
});

describe('victims', () => {
  const NEAR = 0x5000;
  const FAR = NEAR + SAME_ENTRY;
  const FARTHER = FAR + SAME_ENTRY;
  const victim = (linear: number): number => victimOf(linear, USER);
  const asVictim = (tlb: Tlb, linear: number): string => hits(tlb, linear, USER, victim(linear));

  function three(): { m: TestMachine; t: LongTables; mmu: TestMachine['vcpus'][0] } {
    const { m, t } = setup();
    [NEAR, FAR, FARTHER].forEach((linear, i) => t.map(linear, 0x100000 + i * 4096));
    return { m, t, mmu: m.vcpus[0]! };
  }

  it('are the pages that had to make way, with all that was permitted', () => {
    const { mmu } = three();
    mmu.translate(NEAR, WRITE, USER);
    mmu.translate(FAR, READ, USER);
    expect([asVictim(mmu.tlb, NEAR), hits(mmu.tlb, FAR, USER)]).toEqual(['rw', 'r']);
    expect(hits(mmu.tlb, NEAR, USER)).toBe('');
  });

  it('hit without a walk, and a hit moves nothing', () => {
    const { m, mmu } = three();
    mmu.translate(NEAR, WRITE, USER);
    mmu.translate(FAR, READ, USER);
    const { guestWalks, tlbMisses } = mmu.counters;
    const before = mmu.saveTlb();
    expect(mmu.translate(NEAR + 8, READ, USER)).toBe(m.physical.hostOffset(0x100008));
    expect(mmu.translate(NEAR + 8, WRITE, USER)).toBe(m.physical.hostOffset(0x100008));
    expect(mmu.translate(FAR + 8, READ, USER)).toBe(m.physical.hostOffset(0x101008));
    expect(mmu.saveTlb()).toEqual(before);
    expect([mmu.counters.guestWalks, mmu.counters.tlbMisses]).toEqual([guestWalks, tlbMisses]);
  });

  it('make way for the next one', () => {
    const { mmu } = three();
    for (const linear of [NEAR, FAR, FARTHER]) mmu.translate(linear, WRITE, USER);
    expect([asVictim(mmu.tlb, NEAR), asVictim(mmu.tlb, FAR), hits(mmu.tlb, FARTHER, USER)]).toEqual(['', 'rw', 'rw']);
  });

  it('are walked again where they are, to set D', () => {
    const { mmu } = three();
    mmu.translate(NEAR, READ, USER);
    mmu.translate(FAR, READ, USER);
    expect(asVictim(mmu.tlb, NEAR)).toBe('r');
    mmu.translate(NEAR, WRITE, USER);
    expect([asVictim(mmu.tlb, NEAR), hits(mmu.tlb, FAR, USER)]).toEqual(['rw', 'r']);
  });

  it('are flushed as the others, by INVLPG too', () => {
    for (const flush of ['flushAll', 'flushNonGlobal', 'invlpg'] as const) {
      const { mmu } = three();
      mmu.translate(NEAR, WRITE, USER);
      mmu.translate(FAR, READ, USER);
      mmu[flush](NEAR);
      expect(asVictim(mmu.tlb, NEAR), flush).toBe('');
      const walks = mmu.counters.guestWalks;
      mmu.translate(NEAR, READ, USER);
      expect(mmu.counters.guestWalks, flush).toBe(walks + 1);
    }
  });

  it('are saved, and restored where they were', () => {
    const { m, mmu } = three();
    mmu.translate(NEAR, WRITE, USER);
    mmu.translate(FAR, READ, USER);
    const saved = mmu.saveTlb();
    expect(saved.entry).toEqual([indexOf(FAR, USER), victim(NEAR)]);
    mmu.flushAll();
    mmu.restoreTlb(saved);
    expect(mmu.saveTlb()).toEqual(saved);
    expect([asVictim(mmu.tlb, NEAR), mmu.translate(NEAR, READ, USER)]).toEqual(['r', m.physical.hostOffset(0x100000)]);
  });

  it('lose the write permission with their page', () => {
    const { m, t } = { ...setup(), ...three() };
    const mmu = m.vcpus[0]!;
    t.map(0x9000, 0x100000);
    mmu.translate(NEAR, WRITE, USER);
    mmu.translate(FAR, WRITE, USER);
    mmu.tlb.writeSlots.drop(m.physical.hostOffset(0x100000));
    expect(asVictim(mmu.tlb, NEAR)).toBe('r');
    mmu.translate(NEAR, WRITE, USER);
    mmu.translate(0x9000, WRITE, USER);
    mmu.tlb.writeSlots.drop(m.physical.hostOffset(0x100000));
    expect([asVictim(mmu.tlb, NEAR), hits(mmu.tlb, 0x9000, USER)], 'held twice').toEqual(['r', 'r']);
  });

  it('keep the mark of code', () => {
    const { m, mmu } = three();
    mmu.translate(NEAR, WRITE, USER);
    m.physical.markCode(0x100, 16, 20);
    mmu.translate(NEAR + 32, WRITE, USER, 4);
    mmu.translate(FAR, WRITE, USER);
    expect(mmu.tlb.writeTag32[2 * victim(NEAR)]! & 3, 'guarded').toBe(2);
    const misses = mmu.counters.writeMisses;
    mmu.translate(NEAR + 40, WRITE, USER, 4);
    expect(mmu.counters.writeMisses, 'beside code').toBe(misses);
    mmu.translate(NEAR + 16, WRITE, USER, 4);
    expect(mmu.counters.writeMisses, 'to code').toBe(misses + 1);
  });

  it('fetches have none', () => {
    const { mmu } = three();
    mmu.translate(NEAR, FETCH, TlbContext.FETCH_USER);
    mmu.translate(FAR, FETCH, TlbContext.FETCH_USER);
    expect(mmu.saveTlb().entry).toEqual([indexOf(FAR, TlbContext.FETCH_USER)]);
  });

  it('what an access filled that is made again is taken back, with its victim', () => {
    const { m, mmu } = three();
    for (const linear of [NEAR, FAR]) mmu.translate(linear, READ, USER);
    const before = mmu.saveTlb();
    m.states[0]!.request[0] = 1;
    expect(mmu.attempt(FARTHER, READ, USER, 4)).toBe(-1);
    expect(mmu.saveTlb()).toEqual(before);
    m.states[0]!.request[0] = 0;
    expect(mmu.attempt(FARTHER, READ, USER, 4)).toBe(m.physical.hostOffset(0x102000));
    expect(mmu.saveTlb().linear).toEqual([FARTHER, FAR]);
  });
});

describe('flushing', () => {
  const PAGES = [0x5000, 0x6000, -0x7000, 0x5000 + SAME_ENTRY];

  function filled(): { m: TestMachine; t: LongTables; live: () => string[] } {
    const { m, t } = setup();
    PAGES.forEach((linear, i) => t.map(linear, 0x100000 + i * 4096, P | W | U | (i === 1 ? G : 0n)));
    t.map(0x200000, 0x200000, P | W | U, 2);
    for (const linear of [...PAGES, 0x200000, 0x208000]) m.vcpus[0]!.translate(linear, WRITE, USER);
    m.vcpus[0]!.translate(0x5000, READ, SUPERVISOR);
    const live = (): string[] =>
      [...PAGES, 0x200000, 0x208000].filter((linear) => hits(m.vcpus[0]!.tlb, linear, USER) !== '').map((x) => x.toString(16));
    return { m, t, live };
  }
  const ALL_BUT_EVICTED = ['6000', '-7000', '1005000', '200000', '208000'];

  it('all', () => {
    const { m, live } = filled();
    expect(live()).toEqual(ALL_BUT_EVICTED);
    m.vcpus[0]!.flushAll();
    expect(live()).toEqual([]);
    expect(hits(m.vcpus[0]!.tlb, 0x5000, SUPERVISOR)).toBe('');
  });

  it('non-global', () => {
    const { m, live } = filled();
    m.vcpus[0]!.flushNonGlobal();
    expect(live()).toEqual(['6000']);
  });

  it('G means nothing without CR4.PGE', () => {
    const { m, t } = setup();
    enableLong(m, ROOT);
    t.map(0x5000, 0x100000, P | W | U | G);
    m.vcpus[0]!.translate(0x5000, READ, USER);
    m.vcpus[0]!.flushNonGlobal();
    expect(hits(m.vcpus[0]!.tlb, 0x5000, USER)).toBe('');
  });

  it('one page, in all contexts, global too', () => {
    const { m, live } = filled();
    m.vcpus[0]!.invlpg(0x6123);
    m.vcpus[0]!.invlpg(0x5fff);
    expect(live()).toEqual(ALL_BUT_EVICTED.slice(1));
    expect(hits(m.vcpus[0]!.tlb, 0x5000, SUPERVISOR)).toBe('');
  });

  it('one address of a large page takes all its fragments', () => {
    const { m, live } = filled();
    m.vcpus[0]!.invlpg(0x3ff000);
    expect(live()).toEqual(['6000', '-7000', '1005000']);
  });

  it('a large page elsewhere does not matter', () => {
    const { m, live } = filled();
    m.vcpus[0]!.invlpg(0x400000);
    m.vcpus[0]!.invlpg(0x200000 + 2 ** 32);
    expect(live()).toEqual(ALL_BUT_EVICTED);
  });

  it('a guest-physical page', () => {
    const { m, live } = filled();
    m.vcpus[0]!.tlb.flushGfn(0x102);
    expect(live()).toEqual(ALL_BUT_EVICTED.filter((x) => x !== '-7000'));
  });
});

describe('entries of fetches', () => {
  it('live beside those of data: a data access to the same index evicts no code page', () => {
    const { m, t } = setup();
    const [mmu] = m.vcpus;
    const code = 0x3000;
    const data = code + SAME_ENTRY;
    t.map(code, 0x100000);
    t.map(data, 0x101000);
    mmu!.translate(code, Access.FETCH, TlbContext.FETCH_SUPERVISOR);
    mmu!.translate(data, Access.READ, TlbContext.SUPERVISOR);
    const walks = mmu!.counters.guestWalks;
    mmu!.translate(code, Access.FETCH, TlbContext.FETCH_SUPERVISOR);
    expect(mmu!.counters.guestWalks).toBe(walks);
  });

  it('are never granted write permission', () => {
    const { m, t } = setup();
    const [mmu] = m.vcpus;
    t.map(0x3000, 0x100000, P | W | U | 0x40n);
    mmu!.translate(0x3000, Access.FETCH, TlbContext.FETCH_SUPERVISOR);
    expect(mmu!.tlb.writeTag32[2 * indexOf(0x3000, TlbContext.FETCH_SUPERVISOR)]).toBe(1);
  });
});

describe('save and restore', () => {
  it('keeps exactly the translations, as plain data', () => {
    const { m, t } = setup();
    t.map(-0x5000, 0x100000);
    t.map(0x7f00_0000_6000, 0x101000, P | U | (1n << 63n) | G);
    t.map(0x200000, 0x200000, P | W | U, 2);
    const mmu = m.vcpus[0]!;
    mmu.translate(-0x5000, WRITE, USER);
    mmu.translate(0x7f00_0000_6000, READ, SUPERVISOR);
    mmu.translate(0x212000, READ, USER);
    const saved = JSON.parse(JSON.stringify(mmu.saveTlb())) as ReturnType<typeof mmu.saveTlb>;
    expect(saved.linear).toEqual([0x7f00_0000_6000, 0x212000, -0x5000]);

    const other = setup();
    const copy = other.m.vcpus[0]!;
    other.t.map(0x9000, 0x103000);
    copy.translate(0x9000, READ, USER);
    copy.restoreTlb(saved);
    expect(copy.saveTlb()).toEqual(saved);
    expect(hits(copy.tlb, 0x9000, USER)).toBe('');
    expect(hits(copy.tlb, -0x5000, USER), 'write permission is not restored').toBe('r');
    expect(hits(copy.tlb, 0x7f00_0000_6000, SUPERVISOR)).toBe('r');
    const walks = copy.counters.guestWalks;
    expect(copy.translate(-0x5000, WRITE, USER)).toBe(other.m.physical.hostOffset(0x100000));
    expect(copy.counters.guestWalks, 'but needs no walk').toBe(walks);
    copy.invlpg(0x200000);
    expect(hits(copy.tlb, 0x212000, USER), 'fragments are known again').toBe('');
  });

  it('survives the controls being taken over again', () => {
    const { m, t } = setup();
    t.map(0x5000, 0x100000);
    m.vcpus[0]!.translate(0x5000, READ, USER);
    const saved = m.vcpus[0]!.saveTlb();
    const fresh = machine({ ram: 4 * MIB });
    for (const field of ['cr0', 'cr3', 'cr4', 'efer'] as const) fresh.states[0]![field][0] = m.states[0]![field][0]!;
    fresh.vcpus[0]!.restoreTlb(saved);
    fresh.vcpus[0]!.setControls();
    expect(fresh.vcpus[0]!.saveTlb()).toEqual(saved);
  });

  it.each([
    [{ entry: [5], linear: [0x5000], gfn: [], info: [0xc04] }, /same length/],
    [{ entry: [TLB_ENTRIES], linear: [0], gfn: [1], info: [0xc04] }, new RegExp(`entry ${TLB_ENTRIES}`)],
    [{ entry: [TLB_VICTIMS + 4], linear: [0x5000], gfn: [1], info: [0xc04] }, /linear 20480/],
    [{ entry: [4], linear: [0x5000], gfn: [1], info: [0xc04] }, /entry 4/],
    [{ entry: [5], linear: [0x5001], gfn: [1], info: [0xc04] }, /entry 5/],
    [{ entry: [5], linear: [0x5000], gfn: [99999], info: [0xc04] }, /entry 5/],
    [{ entry: [5], linear: [0x5000], gfn: [1], info: [0xd04] }, /entry 5/],
    [{ entry: [5], linear: [0x5000], gfn: [1], info: [0xcf4] }, /entry 5/],
  ])('refuses %j', (saved, message) => {
    const { m } = setup();
    expect(() => m.vcpus[0]!.restoreTlb(saved)).toThrow(message);
    expect(TlbInfo.SHIFT).toBe(8);
  });
});
