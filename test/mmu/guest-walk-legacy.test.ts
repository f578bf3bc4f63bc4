import { describe, expect, it } from 'vitest';
import { Access, FAULT, MMIO, TlbContext } from '../../src/mmu/access.ts';
import { CR0_PG, CR0_WP, CR4_PAE, CR4_PSE, CR4_SMEP, EFER_NXE, GIB, MIB, Peek, hostOf, machine } from './support.ts';
import type { TestMachine } from './support.ts';

const { READ, WRITE, FETCH } = Access;
const { SUPERVISOR, USER } = TlbContext;
const P = 1;
const W = 2;
const U = 4;
const A = 0x20;
const D = 0x40;
const PS = 0x80;
const DIRECTORY = 0x10000;
const TABLE = 0x11000;
const PAGE = 0x100000;
const LINEAR = 0xc012_3000;
const PDE = DIRECTORY + (LINEAR >>> 22) * 4;
const PTE = TABLE + ((LINEAR >>> 12) & 1023) * 4;

function setControls(m: TestMachine, cr3: number, cr4: bigint, efer = 0n, cr0 = CR0_PG | CR0_WP): void {
  const state = m.states[0]!;
  state.cr0[0] = cr0;
  state.cr3[0] = BigInt(cr3);
  state.cr4[0] = cr4;
  state.efer[0] = efer;
  m.vcpus[0]!.setControls();
}

function outcome(m: TestMachine, linear: number, access: number, context: number): string | number {
  const mmu = m.vcpus[0]!;
  const result = mmu.translate(linear, access, context);
  if (result === FAULT) return mmu.faultError;
  return result === MMIO ? `mmio ${mmu.mmioGpa.toString(16)}` : `gpa ${(result - hostOf(m, 0)).toString(16)}`;
}

describe('no paging', () => {
  it('the linear address is the guest-physical address', () => {
    const m = machine();
    expect(outcome(m, 0x12345, READ, SUPERVISOR)).toBe('gpa 12345');
    expect(outcome(m, 0x12345, WRITE, USER)).toBe('gpa 12345');
    expect(outcome(m, 0xfffffff0, FETCH, SUPERVISOR)).toBe('mmio fffffff0');
    expect(m.vcpus[0]!.gpaOf(0xfffffff0, FETCH, SUPERVISOR)).toBe(0xfffffff0);
  });
});

describe('32-bit paging', () => {
  function setup(pde: number, pte: number, cr4 = 0n): { m: TestMachine; peek: Peek } {
    const m = machine();
    const peek = new Peek(m);
    peek.set32(PDE, pde);
    peek.set32(PTE, pte);
    setControls(m, DIRECTORY | 0x18, cr4);
    return { m, peek };
  }

  it.each([
    // PDE, PTE, CR4, access, context, outcome
    [TABLE | P | W | U, PAGE | P | W | U, 0n, READ, USER, 'gpa 100abc'],
    [TABLE | P | W | U, PAGE | P | W | U, 0n, WRITE, USER, 'gpa 100abc'],
    [TABLE | P | W | U, PAGE | P | W | U, 0n, FETCH, USER, 'gpa 100abc'],
    [0, PAGE | P | W | U, 0n, READ, USER, 4],
    [TABLE | P | W | U, 0, 0n, WRITE, USER, 6],
    [TABLE | P | U, PAGE | P | W | U, 0n, WRITE, USER, 7],
    [TABLE | P | W, PAGE | P | W | U, 0n, FETCH, USER, 5],
    [TABLE | P | W, PAGE | P | W | U, CR4_SMEP, FETCH, USER, 0x15],
    [TABLE | P | W | U, PAGE | P | W | U, CR4_SMEP, FETCH, SUPERVISOR, 0x11],
    [TABLE | P | W, PAGE | P, 0n, WRITE, SUPERVISOR, 3],
    [TABLE | P | W | U | PS, PAGE | P | W | U, 0n, READ, USER, 'gpa 100abc'],
    [0x0040_0000 | P | W | U | PS, 0, CR4_PSE, READ, USER, 'mmio 523abc'],
    [0x0000_0000 | P | W | U | PS, 0, CR4_PSE, WRITE, USER, 'gpa 123abc'],
    [0x0000_0000 | P | W | U | PS | (5 << 13), 0, CR4_PSE, READ, USER, 'mmio 500123abc'],
    [0xffc0_0000 + (P | W | U | PS | (0xff << 13)), 0, CR4_PSE, READ, USER, 'mmio ffffd23abc'],
    [0x0000_1000 | P | W | U | PS, 0, CR4_PSE, READ, USER, 'gpa 123abc'],
    [0x0020_0000 | P | W | U | PS, 0, CR4_PSE, READ, USER, 0xd],
    [0x0020_0000 | P | W | U | PS, 0, CR4_PSE, WRITE, SUPERVISOR, 0xb],
    [TABLE | P | W | U, 0xfee0_0000 + (P | W | U), 0n, READ, USER, 'mmio fee00abc'],
  ] as const)('PDE %#x, PTE %#x, CR4 %s, access %i, context %i: %s', (pde, pte, cr4, access, context, expected) => {
    const { m } = setup(pde >>> 0, pte >>> 0, cr4);
    expect(outcome(m, LINEAR + 0xabc, access, context)).toBe(expected);
  });

  it('sets A in both entries and D in the last', () => {
    const { m, peek } = setup(TABLE | P | W | U, PAGE | P | W | U);
    outcome(m, LINEAR, READ, USER);
    expect([peek.get32(PDE) & 0x60, peek.get32(PTE) & 0x60]).toEqual([A, A]);
    outcome(m, LINEAR, WRITE, USER);
    expect([peek.get32(PDE) & 0x60, peek.get32(PTE) & 0x60]).toEqual([A, A | D]);
  });

  it('sets A and D of a 4 MiB page in its PDE, and nothing when it faults', () => {
    const { m, peek } = setup(P | U | PS, 0, CR4_PSE);
    expect(outcome(m, LINEAR, WRITE, USER)).toBe(7);
    expect(peek.get32(PDE) & 0x60).toBe(0);
    peek.set32(PDE, P | W | U | PS);
    outcome(m, LINEAR, WRITE, USER);
    expect(peek.get32(PDE) & 0x60).toBe(A | D);
  });
});

describe('PAE paging', () => {
  const PDPT = 0x12020;
  const PD = 0x13000;
  const PT = 0x14000;
  const pde = PD + ((LINEAR >>> 21) & 511) * 8;
  const pte = PT + ((LINEAR >>> 12) & 511) * 8;

  function setup(pdeValue: bigint, pteValue: bigint, efer = EFER_NXE): { m: TestMachine; peek: Peek } {
    const m = machine();
    const peek = new Peek(m);
    peek.set64(PDPT + 3 * 8, BigInt(PD) | 1n);
    peek.set64(pde, pdeValue);
    peek.set64(pte, pteValue);
    setControls(m, PDPT, CR4_PAE, efer);
    expect(m.vcpus[0]!.loadPdptes(PDPT)).toBe(true);
    return { m, peek };
  }
  const TO_PT = BigInt(PT | P | W | U);
  const TO_PAGE = BigInt(PAGE | P | W | U);
  const XD = 1n << 63n;

  it.each([
    [TO_PT, TO_PAGE, EFER_NXE, READ, USER, 'gpa 100abc'],
    [TO_PT, TO_PAGE, EFER_NXE, WRITE, USER, 'gpa 100abc'],
    [TO_PT, TO_PAGE | XD, EFER_NXE, READ, USER, 'gpa 100abc'],
    [TO_PT, TO_PAGE | XD, EFER_NXE, FETCH, USER, 0x15],
    [TO_PT | XD, TO_PAGE, EFER_NXE, FETCH, USER, 0x15],
    [TO_PT, TO_PAGE | XD, 0n, READ, USER, 0xd],
    [TO_PT, 0n, 0n, FETCH, USER, 4],
    [TO_PT, 0n, EFER_NXE, FETCH, USER, 0x14],
    [TO_PT, TO_PAGE | (1n << 40n), EFER_NXE, READ, USER, 0xd],
    [TO_PT, TO_PAGE | (1n << 62n), EFER_NXE, READ, USER, 0xd],
    [TO_PT | (1n << 52n), TO_PAGE, EFER_NXE, READ, USER, 0xd],
    [BigInt(P | W | U | PS), 0n, EFER_NXE, WRITE, USER, 'gpa 123abc'],
    [BigInt(P | W | U | PS) | (1n << 20n), 0n, EFER_NXE, WRITE, USER, 0xf],
    [BigInt(P | W | U | PS) | (0x3fn << 32n), 0n, EFER_NXE, READ, USER, 'mmio 3f00123abc'],
  ] as const)('PDE %s, PTE %s, EFER %s, access %i, context %i: %s', (pdeValue, pteValue, efer, access, context, expected) => {
    const { m } = setup(pdeValue, pteValue, efer);
    expect(outcome(m, LINEAR + 0xabc, access, context)).toBe(expected);
  });

  it('the walk uses the loaded PDPTEs, not the table, and sets no A in them', () => {
    const { m, peek } = setup(TO_PT, TO_PAGE);
    peek.set64(PDPT + 3 * 8, 0n);
    expect(outcome(m, LINEAR, READ, USER)).toBe('gpa 100000');
    expect(peek.get64(PDPT + 3 * 8)).toBe(0n);
    expect(outcome(m, 0x4000_0000, READ, USER), 'a PDPTE with P = 0').toBe(4);
  });

  it.each([
    [0n, true],
    [0x1e6n, true],
    [BigInt(PD) | 1n, true],
    [BigInt(PD) | 0xe19n, true],
    [3n, false],
    [5n, false],
    [0x21n, false],
    [0x41n, false],
    [0x81n, false],
    [0x101n, false],
    [1n | (1n << 40n), false],
    [1n | XD, false],
  ] as const)('PDPTE %s may be loaded: %s', (value, expected) => {
    const m = machine();
    new Peek(m).set64(PDPT + 8, value);
    m.states[0]!.pdpte[1] = 7n;
    expect(m.vcpus[0]!.loadPdptes(PDPT)).toBe(expected);
    expect(m.states[0]!.pdpte[1]).toBe(expected ? value : 7n);
  });

  it('PDPTEs cannot be loaded from where there is no RAM', () => {
    expect(machine().vcpus[0]!.loadPdptes(3 * GIB)).toBe(false);
  });

  it('loading PDPTEs is no write to EPT, with its A/D bits on', () => {
    const m = machine({ method: 'pml', ram: 4 * MIB });
    m.tracking.enable();
    m.vcpus[0]!.loadPdptes(PDPT);
    expect(m.states[0]!.pmlIndex[0]).toBe(511);
  });
});
