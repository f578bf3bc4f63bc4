// The A20 gate: while it is closed, bit 20 of every address that the processor puts on its bus is 0 (SDM vol. 3, "A20M# and
// the 1 MByte Address Space" of 8086 emulation): of final pages and of paging structures alike.

import { describe, expect, it } from 'vitest';
import { Access, FAULT, MMIO, TlbContext } from '../../src/mmu/access.ts';
import { CR0_PG, CR4_PAE, LongTables, MIB, P, Peek, U, W, enableLong, hostOf, machine } from './support.ts';
import type { TestMachine } from './support.ts';

const { READ, WRITE, FETCH } = Access;
const { SUPERVISOR } = TlbContext;

function gpaOf(m: TestMachine, linear: number, access: number): string {
  const mmu = m.vcpus[0]!;
  const host = mmu.translate(linear, access, access === FETCH ? TlbContext.FETCH_SUPERVISOR : SUPERVISOR);
  if (host === FAULT) return 'fault';
  return host === MMIO ? `mmio ${mmu.mmioGpa.toString(16)}` : (host - hostOf(m, 0)).toString(16);
}

describe('without paging', () => {
  it.each([
    [0x0ffff0, '0ffff0'],
    [0x100000, '0'],
    [0x1abcde, 'abcde'],
    [0x234567, '234567'],
    [0x3abcde, '2abcde'],
    [0xfff00123, 'mmio ffe00123'],
    [0xffe00123, 'mmio ffe00123'],
  ])('0x%x reaches %s, whatever the access', (linear, reached) => {
    const m = machine();
    m.physical.setA20(false);
    for (const access of [READ, WRITE, FETCH]) expect(gpaOf(m, linear, access)).toBe(reached.replace(/^0(?=.)/, ''));
    if (!reached.startsWith('mmio')) expect(m.vcpus[0]!.gpaOf(linear, READ, SUPERVISOR)).toBe(parseInt(reached, 16));
  });

  it('what TLBs hold is dropped when the gate moves, and only then', () => {
    const m = machine({ vcpus: 2 });
    for (const vcpu of m.vcpus) vcpu.translate(0x100000, READ, SUPERVISOR);
    m.physical.setA20(true);
    expect(m.vcpus.map((vcpu) => vcpu.saveTlb().gfn)).toEqual([[0x100], [0x100]]);
    m.physical.setA20(false);
    expect(m.vcpus.map((vcpu) => vcpu.saveTlb().gfn)).toEqual([[], []]);
    expect(gpaOf(m, 0x100000, READ)).toBe('0');
    m.physical.setA20(true);
    expect(gpaOf(m, 0x100000, READ)).toBe('100000');
  });

  it('the host reads and writes past it', () => {
    const m = machine();
    m.physical.setA20(false);
    m.physical.writeHost(MIB, Uint8Array.of(7));
    expect([m.physical.readHost(MIB, 1)[0], m.physical.readHost(0, 1)[0]]).toEqual([7, 0]);
  });
});

describe('with paging', () => {
  it('entries are read from, and flags set in, the tables that are reached', () => {
    const m = machine();
    const tables = new LongTables(m, 0x10000);
    tables.map(0x40_0000, 0x345000, P | W | U);
    const peek = new Peek(m);
    // Both the root and the page that is mapped are named by odd megabytes.
    enableLong(m, 0x110000);
    m.physical.setA20(false);
    expect(gpaOf(m, 0x40_0123, WRITE)).toBe('245123');
    expect(Number(peek.get64(tables.entry(0x40_0000, 1)) & 0x60n)).toBe(0x60);
    expect(peek.get64(0x110000)).toBe(0n);
    m.physical.setA20(true);
    expect(gpaOf(m, 0x40_0123, READ)).toBe('fault');
  });

  it('PDPTEs are loaded through it', () => {
    const m = machine();
    const state = m.states[0]!;
    const peek = new Peek(m);
    state.cr0[0] = CR0_PG;
    state.cr4[0] = CR4_PAE;
    m.vcpus[0]!.setControls();
    peek.set64(0x3020, 0x5001n);
    peek.set64(0x103020, 0x6001n);
    m.physical.setA20(false);
    expect(m.vcpus[0]!.loadPdptes(0x103020)).toBe(true);
    expect(state.pdpte[0]).toBe(0x5001n);
  });
});

describe.each(['write-protect', 'pml'] as const)('tracking by %s', (method) => {
  it('reports the pages that are written, and re-arms those', () => {
    const m = machine({ method });
    const write = (linear: number): void => {
      m.vcpus[0]!.translate(linear, WRITE, SUPERVISOR);
    };
    const reported = (): unknown[] => {
      m.tracking.drain(0);
      return m.sink.take().map((call) => call[1]);
    };
    m.tracking.enable();
    m.physical.setA20(false);
    write(0x301000);
    expect(reported()).toEqual([0x201]);
    // The other name of the page.
    write(0x201000);
    expect(reported()).toEqual([]);
    m.tracking.rearm([0x201], 1);
    write(0x301000);
    expect(reported()).toEqual([0x201]);
    m.physical.setA20(true);
    write(0x301000);
    expect(reported()).toEqual([0x301]);
  });
});
