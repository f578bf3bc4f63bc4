// A and D bits as programs see them, in all paging modes (SDM vol. 3, "Accessed and Dirty Flags"): they are written when the whole
// walk has succeeded, and not by an access that faults; and who a program in virtual-8086 mode is to the page tables.

import { describe, expect, it } from 'vitest';
import { CR0, CR4 } from '../../src/cpu/arch/control-bits.ts';
import { longMode, protectedMode } from '../system/support.ts';
import type { Rig } from '../system/support.ts';
import { AT, EAX, EBX, HLT, d, reg, rip, run } from './support.ts';
import { V86, virtual } from './virtual-support.ts';

const P = 1;
const W = 2;
const U = 4;
const A = 0x20;
const D = 0x40;
const ROOT = 0x20000;
const PDPT = 0x21000;
const DIRECTORY = 0x22000;
const TABLE = 0x23000;
/** Read and written by the programs; its frame is itself. */
const PAGE = 0xc000;

interface Paging {
  readonly name: string;
  readonly bytes: 4 | 8;
  /** Entries that lead to PAGE, the last first. */
  readonly entries: readonly number[];
  enable(rig: Rig): void;
}

const on = (rig: Rig, cr3: number, cr4: bigint): void => {
  rig.state.cr3[0] = BigInt(cr3);
  rig.state.cr4[0] = cr4;
  rig.state.cr0[0]! |= CR0.PG | CR0.WP;
};

const PAGINGS: readonly Paging[] = [
  {
    name: '32-bit paging',
    bytes: 4,
    entries: [TABLE + 4 * (PAGE >> 12), ROOT],
    enable(rig) {
      rig.set32(ROOT, TABLE | P | W | U);
      for (let n = 0; n < 1024; n++) rig.set32(TABLE + 4 * n, (n << 12) | P | W | U);
      on(rig, ROOT, 0n);
    },
  },
  {
    name: 'PAE paging',
    bytes: 8,
    entries: [TABLE + 8 * (PAGE >> 12), DIRECTORY],
    enable(rig) {
      rig.set64(PDPT, BigInt(DIRECTORY | P));
      rig.state.pdpte[0] = BigInt(DIRECTORY | P);
      rig.set64(DIRECTORY, BigInt(TABLE | P | W | U));
      for (let n = 0; n < 512; n++) rig.set64(TABLE + 8 * n, BigInt((n << 12) | P | W | U));
      on(rig, PDPT, CR4.PAE);
    },
  },
  {
    name: '4-level paging',
    bytes: 8,
    entries: [TABLE + 8 * (PAGE >> 12), DIRECTORY, PDPT, ROOT],
    enable(rig) {
      rig.set64(ROOT, BigInt(PDPT | P | W | U));
      rig.set64(PDPT, BigInt(DIRECTORY | P | W | U));
      rig.set64(DIRECTORY, BigInt(TABLE | P | W | U));
      for (let n = 0; n < 512; n++) rig.set64(TABLE + 8 * n, BigInt((n << 12) | P | W | U));
      on(rig, ROOT, CR4.PAE);
    },
  },
];

/** A loads from, or stores to, PAGE. In 64-bit code the address is relative to RIP. */
function program(long: boolean, write: boolean): number[] {
  return [write ? 0x89 : 0x8b, 0x05, ...d(long ? PAGE - (AT.CODE + 6) : PAGE), HLT];
}

/** The program on a machine with paging, A and D of the entries to PAGE cleared; `spoil` changes entries then. */
function machine(paging: Paging, write: boolean, spoil: (rig: Rig) => void): Rig {
  const long = paging.name.startsWith('4');
  const rig = long ? longMode() : protectedMode();
  paging.enable(rig);
  rig.code(AT.CODE, ...program(long, write));
  rig.code(rig.handler(14), HLT);
  spoil(rig);
  rig.mmu.vcpus[0]!.flushAll();
  rig.cpu.enterGuest();
  return rig;
}

const flagsOf = (rig: Rig, { entries }: Paging): number[] => entries.map((at) => rig.get32(at) & (A | D));

describe.each(PAGINGS.map((paging) => ({ title: paging.name, paging })))('$title', ({ paging }) => {
  const upper = paging.entries.slice(1).map(() => A);

  it.each([
    ['a load', false, A],
    ['a store', true, A | D],
  ] as const)('%s', (_name, write, leaf) => {
    const rig = machine(paging, write, () => undefined);
    expect(run(rig).reason).toBe('halted');
    expect(rip(rig)).toBe(AT.CODE + 7);
    expect(flagsOf(rig, paging)).toEqual([leaf, ...upper]);
  });

  // The other entries serve the program itself, so that only the leaf is its own: it stays as it was.
  it.each([
    ['not present', (rig: Rig) => rig.set32(paging.entries[0]!, PAGE | W | U), 2],
    ['not writable', (rig: Rig) => rig.set32(paging.entries[0]!, PAGE | P | U), 3],
    [
      'a reserved bit',
      (rig: Rig) => {
        if (paging.bytes === 8) rig.set32(paging.entries[0]! + 4, 1 << 8);
        else rig.set32(paging.entries[0]!, PAGE | U);
      },
      paging.bytes === 8 ? 11 : 2,
    ],
  ] as const)('a store to a page that is %s leaves A and D', (_name, spoil, errorCode) => {
    const rig = machine(paging, true, spoil);
    const before = rig.get32(paging.entries[0]!);
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), rig.word(0), rig.get32(paging.entries[0]!)]).toEqual([rig.handler(14) + 1, errorCode, before]);
    expect(Number(rig.state.cr2[0])).toBe(PAGE);
  });

  it('a store to a page that was read sets D alone', () => {
    const rig = machine(paging, true, (r) => r.set32(paging.entries[0]!, PAGE | P | W | U | A));
    expect(run(rig).reason).toBe('halted');
    expect(flagsOf(rig, paging)[0]).toBe(A | D);
  });
});

describe('an upper entry that leads nowhere keeps its A', () => {
  // The walk reads the directory entry of the second region, and faults at its table.
  it.each(PAGINGS.map((paging) => [paging.name, paging] as const))('%s', (_name, paging) => {
    const second = paging.bytes === 4 ? ROOT + 4 : DIRECTORY + 8;
    const linear = paging.bytes === 4 ? 0x400000 : 0x200000;
    const empty = 0x30000;
    const long = paging.name.startsWith('4');
    const rig = machine(paging, true, (r) => r.set32(second, empty | P | W | U));
    rig.code(AT.CODE, 0x89, 0x05, ...d(long ? linear - (AT.CODE + 6) : linear));
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), rig.word(0), rig.get32(second), rig.get32(empty)]).toEqual([rig.handler(14) + 1, 2, empty | P | W | U, 0]);
  });
});

describe('virtual-8086 mode is level 3 to the page tables', () => {
  function paged(code: readonly number[], page: number, flags: number): Rig {
    const rig = virtual(0x3000, ...code);
    PAGINGS[0]!.enable(rig);
    rig.set32(TABLE + 4 * (page >> 12), page | flags);
    rig.mmu.vcpus[0]!.flushAll();
    rig.cpu.enterGuest();
    return rig;
  }

  // DS = 0A00H: [2000H] is linear C000H.
  it.each([
    ['a user page', P | W | U, null],
    ['a supervisor page', P | W, 7],
    ['a read-only page', P | U, 7],
    ['no page', 0, 6],
  ] as const)('a store to %s', (_name, flags, errorCode) => {
    const rig = paged([0xa2, 0x00, 0x20], PAGE, flags);
    run(rig, 1);
    if (errorCode === null) expect(rip(rig)).toBe(3);
    else expect([rip(rig), rig.word(0), rig.word(1), rig.word(2)]).toEqual([rig.handler(14), errorCode, 0, V86.CS]);
    expect(Number(rig.state.cr2[0])).toBe(errorCode === null ? 0 : PAGE);
  });

  it('a fetch from a supervisor page', () => {
    const rig = paged([0x90], V86.CS * 16, P | W);
    run(rig, 1);
    expect([rip(rig), rig.word(0)]).toEqual([rig.handler(14), 5]);
  });

  // SDM vol. 3, "Access Rights": the TSS, and with it the bit maps, is read as a supervisor would.
  it('its I/O permission bit map may be in a supervisor page', () => {
    const rig = paged([0xe4, 0x80, 0xe4, 0x81], AT.TSS, P | W);
    rig.set16(AT.TSS + 102, 0x70);
    rig.code(AT.TSS + 0x70, ...new Array<number>(16).fill(0), 0x02, 0xff);
    rig.host.ports.set(0x80, 0x33);
    run(rig, 2);
    expect([rip(rig), reg(rig, EAX) & 0xff, reg(rig, EBX)]).toEqual([rig.handler(13), 0x33, 0]);
  });
});
