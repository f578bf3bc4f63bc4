// Limits and types of segments at every access (SDM vol. 3, "Limit Checking", "Type Checking", "Null Segment Selector Checking").

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { longMode, protectedMode, segment } from '../system/support.ts';
import type { Rig } from '../system/support.ts';
import { AT, EAX, EBP, EBX, ESP, HLT, SEL, d, reg, rip, run, setReg, w } from './support.ts';

/** Where a segment begins, and the selector that the cases load. */
const BASE = 0x10000;
const SELECTOR = 0xd8;
const DATA = 2;
const DOWN = 6;
const READ_ONLY = 0;
const READ_ONLY_DOWN = 4;
const CODE = 10;
const EXECUTE_ONLY = 8;
const CONFORMING = 14;
const GP = 13;
const SS = 12;

interface Case {
  type: number;
  limit: number;
  pages?: boolean;
  big?: boolean;
}

/** 32-bit protected or compatibility mode with DS, or SS, of the case's descriptor. */
function rigOf(make: () => Rig, register: number, { type, limit, pages = false, big = true }: Case): Rig {
  const rig = make();
  rig.descriptor(SELECTOR, segment({ type, base: BASE, limit, pages, big }));
  rig.load(register, SELECTOR);
  for (let vector = 0; vector < 32; vector++) rig.code(rig.handler(vector), HLT);
  rig.cpu.refresh();
  return rig;
}

/** The vector of the fault of one instruction, or null. */
function faultOf(rig: Rig, code: readonly number[]): number | null {
  rig.code(AT.CODE, ...code, HLT);
  rig.state.rip[0] = BigInt(AT.CODE);
  rig.cpu.enterGuest();
  // A stack that faults has no room for the handler's frame either, unless the mode gives it another.
  if (run(rig, 1).reason === 'shutdown') return rig.cpu.exceptionChain[0]!.vector;
  for (const vector of [GP, SS]) if (rip(rig) === rig.handler(vector)) return vector;
  return null;
}

/** mov reg, [disp32] and mov [disp32], reg of 1, 2 and 4 bytes. */
const load = (offset: number, bytes: number): number[] => [...(bytes === 2 ? [0x66] : []), bytes === 1 ? 0x8a : 0x8b, 0x05, ...d(offset)];
const store = (offset: number, bytes: number): number[] => [...(bytes === 2 ? [0x66] : []), bytes === 1 ? 0x88 : 0x89, 0x05, ...d(offset)];

const RIGS = [
  ['32-bit protected mode', () => protectedMode()],
  ['compatibility mode', () => longMode(0, { compat: true })],
] as const;

describe.each(RIGS)('%s: limits', (_mode, make) => {
  // The last byte of the operand must not be above the effective limit; [name, descriptor, offset, bytes, faults].
  it.each([
    ['the last byte', { type: DATA, limit: 0xfff }, 0xfff, 1, false],
    ['one past it', { type: DATA, limit: 0xfff }, 0x1000, 1, true],
    ['a word that ends with it', { type: DATA, limit: 0xfff }, 0xffe, 2, false],
    ['a word across it', { type: DATA, limit: 0xfff }, 0xfff, 2, true],
    ['a doubleword that ends with it', { type: DATA, limit: 0xfff }, 0xffc, 4, false],
    ['a doubleword across it', { type: DATA, limit: 0xfff }, 0xffd, 4, true],
    ['a limit of 0 is one byte', { type: DATA, limit: 0 }, 0, 1, false],
    ['and no word', { type: DATA, limit: 0 }, 0, 2, true],
    ['granularity: the low 12 bits are not tested', { type: DATA, limit: 1, pages: true }, 0x1fff, 1, false],
    ['granularity: one past', { type: DATA, limit: 1, pages: true }, 0x2000, 1, true],
    ['granularity of 0: one page', { type: DATA, limit: 0, pages: true }, 0xfff, 1, false],
    ['expand-down: the limit is the last that is not in', { type: DOWN, limit: 0xfff }, 0xfff, 1, true],
    ['expand-down: the first', { type: DOWN, limit: 0xfff }, 0x1000, 1, false],
    ['expand-down: up to 4 GiB with B', { type: DOWN, limit: 0xfff }, 0x2_0000, 4, false],
    ['expand-down: up to 64 KiB without', { type: DOWN, limit: 0xfff, big: false }, 0xfffc, 4, false],
    ['expand-down: across 64 KiB without', { type: DOWN, limit: 0xfff, big: false }, 0xfffd, 4, true],
    ['expand-down: beyond 64 KiB without', { type: DOWN, limit: 0xfff, big: false }, 0x1_0000, 1, true],
    ['expand-down in pages', { type: DOWN, limit: 1, pages: true }, 0x1fff, 1, true],
    ['expand-down in pages: the first', { type: DOWN, limit: 1, pages: true }, 0x2000, 4, false],
    ['expand-down with all bits: nothing', { type: DOWN, limit: 0xfffff, pages: true }, 0xffffffff, 1, true],
    ['a code segment', { type: CODE, limit: 0xfff }, 0xffd, 4, true],
  ] as const)('%s', (_name, fields, offset, bytes, faults) => {
    expect(faultOf(rigOf(make, Seg.DS, fields), load(offset, bytes))).toBe(faults ? GP : null);
    if (fields.type !== CODE) expect(faultOf(rigOf(make, Seg.DS, fields), store(offset, bytes))).toBe(faults ? GP : null);
    // The same through SS is #SS; SS takes writable data alone.
    if (fields.type !== CODE) expect(faultOf(rigOf(make, Seg.SS, fields), [0x36, ...load(offset, bytes)])).toBe(faults ? SS : null);
  });

  // [name, type, may be read, may be written].
  it.each([
    ['writable data', DATA, true, true],
    ['read-only data', READ_ONLY, true, false],
    ['read-only data that expands down', READ_ONLY_DOWN, true, false],
    ['readable code', CODE, true, false],
    ['execute-only code', EXECUTE_ONLY, false, false],
    ['conforming code', CONFORMING, true, false],
  ] as const)('%s', (_name, type, readable, writable) => {
    const fields = { type, limit: type === READ_ONLY_DOWN ? 0xff : 0xfff };
    expect(faultOf(rigOf(make, Seg.DS, fields), load(0x800, 4))).toBe(readable ? null : GP);
    expect(faultOf(rigOf(make, Seg.DS, fields), store(0x800, 4))).toBe(writable ? null : GP);
    // What reads and writes is refused as a write, before anything is read.
    expect(faultOf(rigOf(make, Seg.DS, fields), [0xff, 0x05, ...d(0x800)])).toBe(writable ? null : GP);
  });

  it('a null selector: any access is #GP(0), and nothing else is looked at', () => {
    for (const code of [load(0, 1), store(0, 1)]) {
      const rig = make();
      for (let vector = 0; vector < 32; vector++) rig.code(rig.handler(vector), HLT);
      expect(rig.call('loadSegment', {}, 3n, BigInt(Seg.FS)).fault).toBeNull();
      expect(faultOf(rig, [0x64, ...code])).toBe(GP);
    }
  });

  // SDM vol. 2, LEA: an address is no access.
  it('LEA beyond the limit', () => {
    const rig = rigOf(make, Seg.DS, { type: DATA, limit: 0xf });
    expect(faultOf(rig, [0x8d, 0x05, ...d(0x5000)])).toBeNull();
    expect(reg(rig, EAX)).toBe(0x5000);
  });

  it('EBP and ESP as a base mean SS, an override counts more', () => {
    const rig = rigOf(make, Seg.DS, { type: DATA, limit: 0xf });
    setReg(rig, EBP, 0xb000);
    rig.set32(0xb000, 0x1234);
    expect(faultOf(rig, [0x8b, 0x45, 0x00])).toBeNull();
    expect(reg(rig, EAX)).toBe(0x1234);
    expect(faultOf(rig, [0x3e, 0x8b, 0x45, 0x00])).toBe(GP);
    setReg(rig, ESP, 0xb000);
    expect(faultOf(rig, [0x8b, 0x04, 0x24])).toBeNull();
  });

  it('string instructions: the destination is in ES whatever the prefix', () => {
    const rig = rigOf(make, Seg.ES, { type: READ_ONLY, limit: 0xfff });
    expect(faultOf(rig, [0x3e, 0xaa])).toBe(GP);
    const source = rigOf(make, Seg.ES, { type: DATA, limit: 0xfff });
    source.code(BASE, 0x77);
    setReg(source, 6, 0);
    expect(faultOf(source, [0x26, 0xac])).toBeNull();
    expect(reg(source, EAX) & 0xff).toBe(0x77);
  });

  it('the base is added modulo 4 GiB', () => {
    const rig = make();
    rig.descriptor(SELECTOR, segment({ type: DATA, base: 0xfffff000 }));
    rig.load(Seg.DS, SELECTOR);
    rig.set32(0xb000, 0xcafe);
    expect(faultOf(rig, load(0xc000, 4))).toBeNull();
    expect(reg(rig, EAX)).toBe(0xcafe);
  });
});

describe('CS', () => {
  // The instruction's last byte must lie within the limit; a jump beyond it faults at the jump, falling off the end after it.
  it.each([
    ['a jump within', [0xe9, ...d(0x10)], null],
    ['a jump beyond', [0xe9, ...d(0x1000)], AT.CODE],
    ['an instruction across', [0xb8, 1, 2, 3], -1],
  ] as const)('%s', (_name, code, at) => {
    const rig = protectedMode();
    rig.descriptor(SELECTOR, segment({ type: CODE, limit: AT.CODE + 0x20, pages: false }));
    rig.load(Seg.CS, SELECTOR);
    for (let vector = 0; vector < 32; vector++) rig.code(rig.handler(vector), HLT);
    const start = at === -1 ? AT.CODE + 0x1e : AT.CODE;
    rig.code(start, ...code);
    rig.state.rip[0] = BigInt(start);
    run(rig, 1);
    if (at === null) expect(rip(rig)).toBe(AT.CODE + 0x15);
    else expect([rip(rig), rig.word(0), rig.word(1)]).toEqual([rig.handler(GP), 0, start]);
  });

  it('64-bit mode has no limits, and bases in FS and GS alone', () => {
    const rig = longMode();
    rig.descriptor(SELECTOR, segment({ type: DATA, base: BASE, limit: 0, pages: false }));
    for (const register of [Seg.DS, Seg.ES, Seg.FS]) rig.load(register, SELECTOR);
    rig.set32(0xb000, 0x1111);
    rig.set32(BASE + 0xb000, 0x2222);
    rig.code(AT.CODE, 0x8b, 0x04, 0x25, ...d(0xb000), 0x64, 0x8b, 0x1c, 0x25, ...d(0xb000), HLT);
    rig.cpu.enterGuest();
    expect(run(rig).reason).toBe('halted');
    expect([reg(rig, EAX), reg(rig, EBX)]).toEqual([0x1111, 0x2222]);
  });
});

describe('a 16-bit stack', () => {
  /** SS with B = 0, based at BASE, in 32-bit code. */
  function stack16Rig(...code: number[]): Rig {
    const rig = rigOf(() => protectedMode(), Seg.SS, { type: DATA, limit: 0xffff, big: false });
    rig.code(AT.CODE, ...code, HLT);
    return rig;
  }

  // SDM vol. 3, "Stack Alignment", D/B flag: SP alone moves and wraps; what is above it in ESP stays.
  it('a 32-bit POP of a segment register does not carry out of SP', () => {
    const rig = stack16Rig(0x1f);
    setReg(rig, ESP, 0x1234_fffc);
    rig.set32(BASE + 0xfffc, SEL.DATA0);
    run(rig, 1);
    expect([reg(rig, ESP), rig.selector(Seg.DS)]).toEqual([0x1234_0000, SEL.DATA0]);
  });

  it('a POP that loads SS moves the pointer in the width that SS had', () => {
    const rig = stack16Rig(0x17);
    setReg(rig, ESP, 0x1234_fffc);
    rig.set32(BASE + 0xfffc, SEL.DATA0);
    run(rig, 1);
    expect([reg(rig, ESP), rig.selector(Seg.SS), rig.cpu.stackSize]).toEqual([0x1234_0000, SEL.DATA0, 4]);
  });

  it.each([
    ['PUSH', [0x50], 0x1234_0000, 0x1234_fffc],
    ['POP', [0x58], 0x1234_fffc, 0x1234_0000],
    ['PUSHA', [0x60], 0x1234_0010, 0x1234_fff0],
    ['POPA', [0x61], 0x1234_fff0, 0x1234_0010],
    ['near CALL', [0xe8, ...d(0)], 0x1234_0000, 0x1234_fffc],
    ['RET n', [0xc2, ...w(8)], 0x1234_fff8, 0x1234_0004],
  ] as const)('%s wraps SP', (_name, code, before, after) => {
    const rig = stack16Rig(...code);
    setReg(rig, ESP, before);
    run(rig, 1);
    expect(reg(rig, ESP)).toBe(after);
  });

  it('LEAVE takes SP from BP, and all of EBP from the stack', () => {
    const rig = stack16Rig(0xc9);
    setReg(rig, EBP, 0x5555_0100);
    setReg(rig, ESP, 0x1234_0000);
    rig.set32(BASE + 0x100, 0xdead_beef);
    run(rig, 1);
    expect([reg(rig, ESP), reg(rig, EBP)]).toEqual([0x1234_0104, 0xdead_beef]);
  });

  it('far CALL and RET, INT and IRET', () => {
    const rig = stack16Rig(0x9a, ...d(0x7000), ...w(SEL.CODE0), 0xcd, 0x30);
    rig.code(0x7000, 0xcb);
    rig.code(rig.handler(0x30), 0xcf);
    setReg(rig, ESP, 0x1234_0000);
    run(rig, 1);
    expect([reg(rig, ESP), rig.get32(BASE + 0xfff8), rig.get32(BASE + 0xfffc)]).toEqual([0x1234_fff8, AT.CODE + 7, SEL.CODE0]);
    run(rig, 2);
    expect([reg(rig, ESP), rig.get32(BASE + 0xfff4)]).toEqual([0x1234_fff4, AT.CODE + 9]);
    run(rig, 1);
    expect([reg(rig, ESP), rip(rig)]).toEqual([0x1234_0000, AT.CODE + 9]);
  });
});
