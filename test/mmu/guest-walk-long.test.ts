import { describe, expect, it } from 'vitest';
import { Access, FAULT, MMIO, TlbContext } from '../../src/mmu/access.ts';
import {
  A,
  CR0_PG,
  CR0_WP,
  CR4_PAE,
  CR4_SMAP,
  CR4_SMEP,
  D,
  EFER_LONG,
  GIB,
  LongTables,
  MIB,
  P,
  PS,
  U,
  W,
  XD,
  enableLong,
  hostOf,
  machine,
} from './support.ts';
import type { TestMachine } from './support.ts';

const { READ, WRITE, FETCH } = Access;
const { SUPERVISOR, USER, SUPERVISOR_AC } = TlbContext;
const ROOT = 0x10000;
const PAGE = 0x100000;
const LINEAR = 0x7f12_3456_7000;

interface Options {
  cr0?: bigint;
  cr4?: bigint;
  efer?: bigint;
}

function setup(options: Options = {}): { m: TestMachine; t: LongTables } {
  const m = machine({ ram: 4 * MIB });
  const t = new LongTables(m, ROOT);
  enableLong(m, ROOT, options);
  return { m, t };
}

/** 'ok', 'mmio' or the error code. */
function outcome(m: TestMachine, linear: number, access: number, context: number): string | number {
  const mmu = m.vcpus[0]!;
  const result = mmu.translate(linear, access, context);
  if (result === FAULT) {
    expect(mmu.faultLinear).toBe(linear);
    return mmu.faultError;
  }
  return result === MMIO ? 'mmio' : 'ok';
}

describe('4-level paging: access rights', () => {
  const NO_WP = { cr0: CR0_PG };
  const SMEP = { cr4: CR4_PAE | CR4_SMEP };
  const SMAP = { cr4: CR4_PAE | CR4_SMAP };
  it.each([
    // leaf bits, controls, access, context, outcome
    [P | W | U, {}, READ, USER, 'ok'],
    [P | W | U, {}, WRITE, USER, 'ok'],
    [P | W | U, {}, FETCH, USER, 'ok'],
    [P | U, {}, WRITE, USER, 7],
    [P | W, {}, READ, USER, 5],
    [P | W, {}, WRITE, USER, 7],
    [P | W, {}, FETCH, USER, 0x15],
    [P | W | U | XD, {}, FETCH, USER, 0x15],
    [P | W | U | XD, {}, READ, USER, 'ok'],
    [P | W | XD, {}, FETCH, SUPERVISOR, 0x11],
    [P, {}, WRITE, SUPERVISOR, 3],
    [P | U, {}, WRITE, SUPERVISOR, 3],
    [P, NO_WP, WRITE, SUPERVISOR, 'ok'],
    [P | U, NO_WP, WRITE, SUPERVISOR, 'ok'],
    [P | U, NO_WP, WRITE, USER, 7],
    [P | W | U, {}, FETCH, SUPERVISOR, 'ok'],
    [P | W | U, SMEP, FETCH, SUPERVISOR, 0x11],
    [P | W | U, SMEP, FETCH, USER, 'ok'],
    [P | W, SMEP, FETCH, SUPERVISOR, 'ok'],
    [P | W | U, SMEP, READ, SUPERVISOR, 'ok'],
    [P | W | U, SMAP, READ, SUPERVISOR, 1],
    [P | W | U, SMAP, WRITE, SUPERVISOR, 3],
    [P | W | U, { ...SMAP, cr0: CR0_PG }, WRITE, SUPERVISOR, 3],
    [P | W | U, SMAP, READ, SUPERVISOR_AC, 'ok'],
    [P | W | U, SMAP, WRITE, SUPERVISOR_AC, 'ok'],
    [P | U, SMAP, WRITE, SUPERVISOR_AC, 3],
    [P | W | U, SMAP, FETCH, SUPERVISOR, 'ok'],
    [P | W | U, SMAP, READ, USER, 'ok'],
    [0n, {}, READ, USER, 4],
    [0n, {}, WRITE, USER, 6],
    [0n, {}, READ, SUPERVISOR, 0],
    [0n, {}, WRITE, SUPERVISOR, 2],
    [0n, {}, FETCH, SUPERVISOR, 0x10],
    [0n, { efer: EFER_LONG }, FETCH, SUPERVISOR, 0],
    [0n, { efer: EFER_LONG, cr4: CR4_PAE | CR4_SMEP }, FETCH, USER, 0x14],
  ] as const)('leaf %s, %o, access %i, context %i: %s', (leaf, options, access, context, expected) => {
    const { m, t } = setup(options);
    t.map(LINEAR, PAGE, leaf);
    expect(outcome(m, LINEAR + 0x123, access, context)).toBe(expected);
  });

  it.each([
    [4, P | U, WRITE, USER, 7],
    [3, P | U, WRITE, USER, 7],
    [2, P | U, WRITE, USER, 7],
    [4, P | W, READ, USER, 5],
    [3, P | W, READ, USER, 5],
    [2, P | W, READ, USER, 5],
    [4, P | W | U | XD, FETCH, USER, 0x15],
    [3, P | W | U | XD, FETCH, USER, 0x15],
    [2, P | W | U | XD, FETCH, USER, 0x15],
    [4, 0n, READ, USER, 4],
    [3, 0n, READ, USER, 4],
    [2, 0n, READ, USER, 4],
  ] as const)('are those of all levels together: level %i has %s, access %i: %i', (level, bits, access, context, expected) => {
    const { m, t } = setup();
    t.map(LINEAR, PAGE);
    const at = t.entry(LINEAR, level);
    t.peek.set64(at, (t.peek.get64(at) & ~(P | W | U)) | bits);
    expect(outcome(m, LINEAR, access, context)).toBe(expected);
  });
});

describe('4-level paging: reserved bits', () => {
  it.each([
    [4, PS, 0],
    [4, 1n << 40n, 0],
    [4, 1n << 51n, 0],
    [3, 1n << 40n, 0],
    [2, 1n << 45n, 0],
    [1, 1n << 40n, 0],
    [1, 1n << 51n, 0],
    [3, 1n << 13n, 3],
    [3, 1n << 29n, 3],
    [3, 1n << 40n, 3],
    [2, 1n << 13n, 2],
    [2, 1n << 20n, 2],
    [2, 1n << 51n, 2],
  ] as const)('level %i, bits %s, leaf level %i: RSVD', (level, bits, leaf) => {
    const { m, t } = setup();
    t.map(LINEAR, 0, P | W | U, leaf || 1);
    const at = t.entry(LINEAR, level);
    t.peek.set64(at, t.peek.get64(at) | bits);
    expect(outcome(m, LINEAR, READ, USER)).toBe(0xd);
    expect(outcome(m, LINEAR, WRITE, SUPERVISOR)).toBe(0xb);
    expect(outcome(m, LINEAR, FETCH, USER)).toBe(0x1d);
  });

  it('comes before missing rights, and not-present before it', () => {
    const { m, t } = setup();
    t.map(LINEAR, PAGE, P | (1n << 40n));
    expect(outcome(m, LINEAR, WRITE, USER)).toBe(0xf);
    t.map(LINEAR, PAGE, 1n << 40n);
    expect(outcome(m, LINEAR, WRITE, USER)).toBe(6);
  });

  it.each([1, 2, 3, 4])('XD at level %i is reserved without EFER.NXE', (level) => {
    const { m, t } = setup({ efer: EFER_LONG });
    t.map(LINEAR, PAGE);
    const at = t.entry(LINEAR, level);
    t.peek.set64(at, t.peek.get64(at) | XD);
    expect(outcome(m, LINEAR, READ, USER)).toBe(0xd);
  });

  it.each([
    [1, 0x7ffn << 52n],
    [2, 1n << 62n],
    [4, 0x7ffn << 52n],
    [1, 0xe00n],
  ] as const)('level %i, bits %s are ignored', (level, bits) => {
    const { m, t } = setup();
    t.map(LINEAR, PAGE);
    const at = t.entry(LINEAR, level);
    t.peek.set64(at, t.peek.get64(at) | bits);
    expect(outcome(m, LINEAR, READ, USER)).toBe('ok');
  });
});

describe('4-level paging: addresses', () => {
  it.each([
    [LINEAR, PAGE, 1, 0xabc],
    [-0x1000, 0x123000, 1, 0xfff],
    [-(2 ** 47), 0x5000, 1, 0],
    [2 ** 47 - 4096, 0x6000, 1, 8],
    [0, 0x7000, 1, 1],
    [0xffff_f000, 0x8000, 1, 2],
    [0x4000_0000, 2 * MIB, 2, 0x1f_1234],
    [-(2 * GIB), 0, 2, 0x12_3456],
    [GIB * 5, 0, 3, 3 * MIB + 5],
  ])('linear %d at GPA %d (level %i), offset %i', (linear, gpa, level, offset) => {
    const { m, t } = setup();
    t.map(linear, gpa, P | W | U, level);
    for (const access of [READ, WRITE, FETCH]) {
      expect(m.vcpus[0]!.translate(linear + offset, access, USER)).toBe(hostOf(m, gpa + offset));
      expect(m.vcpus[0]!.translate(linear + offset, access, USER), 'from the TLB').toBe(hostOf(m, gpa + offset));
    }
    expect(m.vcpus[0]!.counters.guestWalks).toBeLessThanOrEqual(2);
  });

  it('the PAT bit of large leaves is no address bit', () => {
    const { m, t } = setup();
    t.map(LINEAR, 0, P | W | U | (1n << 12n), 2);
    expect(m.vcpus[0]!.translate(LINEAR, READ, USER)).toBe(hostOf(m, LINEAR % (2 * MIB)));
  });

  it('a page that is not RAM is MMIO, with its GPA', () => {
    const { m, t } = setup();
    for (const gpa of [0xfee0_0000, 0x12_3456_7000, 0xff_ffff_f000]) {
      t.map(LINEAR, gpa);
      expect(outcome(m, LINEAR + 0x20, WRITE, USER)).toBe('mmio');
      expect(m.vcpus[0]!.mmioGpa).toBe(gpa + 0x20);
    }
  });

  it('a table that is not RAM reads as all ones', () => {
    const { m, t } = setup();
    t.map(LINEAR, PAGE);
    t.peek.set64(t.entry(LINEAR, 2), 0xfe000000n | P | W | U);
    expect(outcome(m, LINEAR, READ, USER)).toBe(0xd);
  });
});

describe('4-level paging: accessed and dirty bits', () => {
  const flags = (t: LongTables): bigint[] => [4, 3, 2, 1].map((level) => t.peek.get64(t.entry(LINEAR, level)) & (A | D));

  it.each([
    [READ, [A, A, A, A]],
    [FETCH, [A, A, A, A]],
    [WRITE, [A, A, A, A | D]],
  ] as const)('access %i sets %o', (access, expected) => {
    const { m, t } = setup();
    t.map(LINEAR, PAGE);
    m.vcpus[0]!.translate(LINEAR, access, USER);
    expect(flags(t)).toEqual(expected);
  });

  it('D is set by the first write after a read', () => {
    const { m, t } = setup();
    t.map(LINEAR, PAGE);
    m.vcpus[0]!.translate(LINEAR, READ, USER);
    m.vcpus[0]!.translate(LINEAR, WRITE, USER);
    expect(flags(t)).toEqual([A, A, A, A | D]);
    expect(m.vcpus[0]!.counters.guestWalks).toBe(2);
  });

  it.each([
    ['not present', 0n, READ],
    ['no write', P | U, WRITE],
    ['supervisor page', P | W, READ],
    ['reserved bit', P | W | U | (1n << 45n), WRITE],
    ['execute-disable', P | W | U | XD, FETCH],
  ] as const)('all or nothing: %s', (_what, leaf, access) => {
    const { m, t } = setup();
    t.map(LINEAR, PAGE, leaf);
    expect(outcome(m, LINEAR, access, USER)).toBeTypeOf('number');
    expect(flags(t)).toEqual([0n, 0n, 0n, 0n]);
  });

  it('are set for MMIO too', () => {
    const { m, t } = setup();
    t.map(LINEAR, 0xfee0_0000);
    m.vcpus[0]!.translate(LINEAR, WRITE, USER);
    expect(flags(t)).toEqual([A, A, A, A | D]);
  });

  it('of a large page go to its own entry', () => {
    const { m, t } = setup();
    t.map(LINEAR, 2 * MIB, P | W | U, 2);
    m.vcpus[0]!.translate(LINEAR, WRITE, USER);
    expect([4, 3, 2].map((level) => t.peek.get64(t.entry(LINEAR, level)) & (A | D))).toEqual([A, A, A | D]);
  });

  it('are not set again while the entry is cached', () => {
    const { m, t } = setup();
    t.map(LINEAR, PAGE);
    m.vcpus[0]!.translate(LINEAR, WRITE, USER);
    const at = t.entry(LINEAR, 1);
    t.peek.set64(at, t.peek.get64(at) & ~(A | D));
    for (const access of [READ, WRITE, FETCH]) m.vcpus[0]!.translate(LINEAR, access, USER);
    expect(t.peek.get64(at) & (A | D)).toBe(0n);
    m.vcpus[0]!.invlpg(LINEAR);
    m.vcpus[0]!.translate(LINEAR, READ, USER);
    expect(t.peek.get64(at) & (A | D)).toBe(A);
  });
});

describe('what else the walk keeps', () => {
  it('probe gives the GPA and changes nothing', () => {
    const { m, t } = setup();
    t.map(LINEAR, PAGE);
    t.map(LINEAR + 4096, 0xfee0_0000);
    const before = m.physical.readHost(0, 4 * MIB);
    const mmu = m.vcpus[0]!;
    expect(mmu.gpaOf(LINEAR + 5, READ, USER)).toBe(PAGE + 5);
    expect(mmu.gpaOf(LINEAR + 4096, WRITE, USER)).toBe(0xfee0_0000);
    expect(mmu.gpaOf(LINEAR + 8192, READ, USER)).toBe(-1);
    expect(mmu.gpaOf(-4096, READ, SUPERVISOR)).toBe(-1);
    expect(Buffer.compare(m.physical.readHost(0, 4 * MIB), before)).toBe(0);
    expect(mmu.counters).toEqual({ tlbMisses: 0, writeMisses: 0, guestWalks: 0, eptViolations: 0, pmlFull: 0 });
  });

  it('probe changes nothing under PML either, nor in mid-tracking', () => {
    const m = machine({ method: 'pml' });
    const t = new LongTables(m, ROOT);
    t.map(LINEAR, PAGE);
    enableLong(m, ROOT);
    m.tracking.enable();
    expect(m.vcpus[0]!.gpaOf(LINEAR, WRITE, USER)).toBe(PAGE);
    expect(m.states[0]!.pmlIndex[0]).toBe(511);
    expect(m.sink.calls).toEqual([]);
  });

  it('a fault drops what is cached for the address, so that a permission granted since is found', () => {
    const { m, t } = setup();
    t.map(LINEAR, PAGE, P | U);
    expect(outcome(m, LINEAR, READ, USER)).toBe('ok');
    expect(outcome(m, LINEAR, WRITE, USER)).toBe(7);
    t.map(LINEAR, PAGE + 4096, P | W | U);
    expect(m.vcpus[0]!.translate(LINEAR, READ, USER), 'the stale entry is gone').toBe(hostOf(m, PAGE + 4096));
    expect(outcome(m, LINEAR, WRITE, USER)).toBe('ok');
    expect(m.vcpus[0]!.translate(LINEAR, READ, USER)).toBe(hostOf(m, PAGE + 4096));
  });

  it('flushes cached rights when the controls they came from change', () => {
    const { m, t } = setup();
    t.map(LINEAR, PAGE, P);
    m.states[0]!.cr0[0] = CR0_PG;
    m.vcpus[0]!.setControls();
    expect(outcome(m, LINEAR, WRITE, SUPERVISOR)).toBe('ok');
    m.states[0]!.cr0[0] = CR0_PG | CR0_WP;
    m.vcpus[0]!.setControls();
    expect(outcome(m, LINEAR, WRITE, SUPERVISOR)).toBe(3);
  });
});
