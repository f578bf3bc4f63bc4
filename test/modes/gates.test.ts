// Call gates and the gates of the IDT, of 16, 32 and 64 bits (SDM vol. 3, "Gate Descriptors", "Call Gates", "IDT Descriptors"; vol. 2,
// CALL, JMP, INT n).

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { gate, longMode, operand, protectedMode, segment } from '../system/support.ts';
import type { Rig } from '../system/support.ts';
import { AT, ESP, HLT, SEL, d, reg, rip, run, setReg, w } from './support.ts';
import { CODE16 } from './every-mode.ts';

const CALL16 = 4;
const CALL32 = 12;
const INT16 = 6;
const TRAP16 = 7;
const INT32 = 14;
const TRAP32 = 15;
const TARGET = 0x7000;
const IF = 0x200;
const callThrough = (rig: Rig, selector: number): readonly [number, number | null] | null =>
  rig.call('farCall', { size: 4 }, 0xdeadn, BigInt(selector)).fault;

/** The upper offset of a gate that begins with `half`. */
const withUpper = (rig: Rig, selector: number, upper: bigint): void => rig.set64(AT.GDT + (selector & ~7) + 8, upper);

describe('call gates', () => {
  // [name, gate type, inner level, words of how many bytes]: one parameter is copied to an inner stack.
  it.each([
    ['16 bits, to an inner level', CALL16, true, 2],
    ['32 bits, to an inner level', CALL32, true, 4],
    ['16 bits, at one level', CALL16, false, 2],
    ['32 bits, at one level', CALL32, false, 4],
  ] as const)('of %s', (_name, type, inner, size) => {
    const rig = protectedMode(3);
    const selector = inner ? SEL.CODE0 : SEL.CODE3;
    // The upper offset word of a 16-bit gate is ignored.
    rig.descriptor(SEL.GATE, gate(selector, type === CALL16 ? 0xabcd0000 | TARGET : TARGET, type, { dpl: 3, low: 1 }));
    rig.set32(AT.STACK3 - 4, 0x1234_5678);
    setReg(rig, ESP, AT.STACK3 - 4);
    expect(callThrough(rig, SEL.GATE)).toBeNull();
    expect([rig.cpu.nextRip, rig.cpu.cpl]).toEqual([TARGET, inner ? 0 : 3]);
    const words = Array.from({ length: inner ? 5 : 2 }, (_, n) => (size === 2 ? rig.get16(rig.rsp + 2 * n) : rig.get32(rig.rsp + 4 * n)));
    const copied = inner ? [size === 2 ? 0x5678 : 0x1234_5678, AT.STACK3 - 4, SEL.DATA3] : [];
    expect(words).toEqual([AT.CODE + 2, SEL.CODE3, ...copied]);
  });

  it('RETF n of the gate’s size gives the parameters up on both stacks', () => {
    const rig = protectedMode(3);
    rig.descriptor(SEL.GATE, gate(SEL.CODE0, TARGET, CALL32, { dpl: 3, low: 2 }));
    rig.code(AT.CODE, 0x6a, 1, 0x6a, 2, 0x9a, ...d(0), ...w(SEL.GATE | 3));
    rig.code(TARGET, 0xca, ...w(8));
    run(rig, 4);
    expect([rig.cpu.cpl, rig.rsp, rip(rig)]).toEqual([3, AT.STACK3, AT.CODE + 11]);
  });

  it('31 parameters', () => {
    const rig = protectedMode(3);
    rig.descriptor(SEL.GATE, gate(SEL.CODE0, TARGET, CALL32, { dpl: 3, low: 31 }));
    for (let n = 0; n < 31; n++) rig.set32(AT.STACK3 - 124 + 4 * n, n + 1);
    setReg(rig, ESP, AT.STACK3 - 124);
    expect(callThrough(rig, SEL.GATE)).toBeNull();
    expect(rig.rsp).toBe(AT.STACK0 - 4 * 35);
    expect(Array.from({ length: 31 }, (_, n) => rig.word(2 + n))).toEqual(Array.from({ length: 31 }, (_, n) => n + 1));
  });

  // SDM vol. 2, CALL, checks in their order: [name, prepare, selector, fault].
  it.each([
    [
      'the RPL above the gate’s DPL',
      (rig: Rig) => rig.descriptor(SEL.GATE, gate(SEL.CODE0, TARGET, CALL32, { dpl: 2 })),
      0,
      SEL.GATE | 3,
      [13, SEL.GATE],
    ],
    [
      'an absent gate of too low a DPL',
      (rig: Rig) => rig.descriptor(SEL.GATE, gate(SEL.CODE0, TARGET, CALL32, { present: false })),
      3,
      SEL.GATE,
      [13, SEL.GATE],
    ],
    [
      'a target beyond the GDT',
      (rig: Rig) => rig.descriptor(SEL.GATE, gate(SEL.OUTSIDE, TARGET, CALL32, { dpl: 3 })),
      3,
      SEL.GATE,
      [13, SEL.OUTSIDE],
    ],
    [
      'a target of an outer level',
      (rig: Rig) => rig.descriptor(SEL.GATE, gate(SEL.CODE3, TARGET, CALL32)),
      0,
      SEL.GATE,
      [13, SEL.CODE3 & ~3],
    ],
    [
      'an offset beyond the target’s limit',
      (rig: Rig) => rig.descriptor(SEL.GATE, gate(SEL.SHORT_CODE, TARGET, CALL32, { dpl: 3 })),
      3,
      SEL.GATE,
      [13, 0],
    ],
    ['SS0 null', (rig: Rig) => rig.set16(AT.TSS + 8, 0), 3, SEL.GATE, [10, 0]],
    ['SS0 beyond the GDT', (rig: Rig) => rig.set16(AT.TSS + 8, SEL.OUTSIDE), 3, SEL.GATE, [10, SEL.OUTSIDE]],
    ['SS0 with another RPL', (rig: Rig) => rig.set16(AT.TSS + 8, SEL.DATA0 | 1), 3, SEL.GATE, [10, SEL.DATA0]],
    ['SS0 read-only', (rig: Rig) => rig.set16(AT.TSS + 8, SEL.READ_ONLY), 3, SEL.GATE, [10, SEL.READ_ONLY]],
    ['SS0 code', (rig: Rig) => rig.set16(AT.TSS + 8, SEL.CODE0), 3, SEL.GATE, [10, SEL.CODE0]],
    ['SS0 absent', (rig: Rig) => rig.set16(AT.TSS + 8, SEL.ABSENT_DATA), 3, SEL.GATE, [12, SEL.ABSENT_DATA]],
    [
      'a TSS that ends before SS0',
      (rig: Rig) => {
        rig.state.segLimit[Seg.TR] = 8;
      },
      3,
      SEL.GATE,
      [10, SEL.TSS],
    ],
  ] as const)('%s', (_name, prepare, cpl, selector, fault) => {
    const rig = protectedMode(cpl);
    rig.descriptor(SEL.GATE, gate(SEL.CODE0, TARGET, CALL32, { dpl: 3 }));
    prepare(rig);
    expect(callThrough(rig, selector)).toEqual(fault);
  });

  it('an inner stack without room is #SS(its selector)', () => {
    const rig = protectedMode(3);
    rig.descriptor(SEL.GATE, gate(SEL.CODE0, TARGET, CALL32, { dpl: 3, low: 1 }));
    rig.descriptor(SEL.FREE, segment({ type: 2, limit: 0xfff, pages: false }));
    rig.set16(AT.TSS + 8, SEL.FREE);
    for (const [esp, fault] of [
      [20, null],
      [16, [12, SEL.FREE]],
      [0x1001, [12, SEL.FREE]],
      [0x1000, null],
    ] as const) {
      const other = protectedMode(3);
      for (const at of [SEL.GATE, SEL.FREE]) other.descriptor(at, rig.get64(AT.GDT + at));
      other.set16(AT.TSS + 8, SEL.FREE);
      other.set32(AT.TSS + 4, esp);
      expect(callThrough(other, SEL.GATE)).toEqual(fault);
    }
  });

  it('a conforming target: no new stack, no new level', () => {
    const rig = protectedMode(3);
    rig.descriptor(SEL.GATE, gate(SEL.CONFORMING, TARGET, CALL32, { dpl: 3, low: 3 }));
    expect(callThrough(rig, SEL.GATE)).toBeNull();
    expect([rig.cpu.cpl, rig.rsp, rig.selector(Seg.CS)]).toEqual([3, AT.STACK3 - 8, SEL.CONFORMING | 3]);
  });
});

describe('call gates of IA-32e mode', () => {
  function long(cpl: 0 | 3, compat: boolean): Rig {
    const rig = longMode(cpl, { compat });
    rig.descriptor(SEL.GATE, gate(SEL.CODE64, TARGET, CALL32, { dpl: 3 }));
    withUpper(rig, SEL.GATE, 0n);
    return rig;
  }

  it.each([
    ['a type in the upper half', (rig: Rig) => withUpper(rig, SEL.GATE, 0x100_0000_0000n), [13, SEL.GATE]],
    ['a 16-bit gate', (rig: Rig) => rig.descriptor(SEL.GATE, gate(SEL.CODE64, TARGET, CALL16, { dpl: 3 })), [13, SEL.GATE]],
    ['a 32-bit target', (rig: Rig) => rig.descriptor(SEL.GATE, gate(SEL.CODE0, TARGET, CALL32, { dpl: 3 })), [13, SEL.CODE0]],
    ['a target with L and D', (rig: Rig) => rig.descriptor(SEL.GATE, gate(SEL.LD, TARGET, CALL32, { dpl: 3 })), [13, SEL.LD]],
    ['an offset that is not canonical', (rig: Rig) => withUpper(rig, SEL.GATE, 0x8000n), [13, 0]],
    ['a stack that is not canonical', (rig: Rig) => rig.set64(AT.TSS + 4, (1n << 47n) + 0x1000n), [12, 0]],
    // SDM vol. 3, "IA-32e Mode Call Gates": the gate is 16 bytes, all of which must be in the table.
    [
      'a gate that the table cuts in two',
      (rig: Rig) => {
        rig.state.gdtrLimit[0] = SEL.GATE + 7;
      },
      [13, SEL.GATE],
    ],
  ] as const)('%s', (_name, prepare, fault) => {
    const rig = long(3, false);
    prepare(rig);
    expect(callThrough(rig, SEL.GATE)).toEqual(fault);
  });

  it('from compatibility mode to an inner level', () => {
    const rig = long(3, true);
    expect(callThrough(rig, SEL.GATE)).toBeNull();
    expect([rig.cpu.mode, rig.cpu.cpl, rig.selector(Seg.SS), rig.rsp]).toEqual([8, 0, 0, AT.STACK0 - 32]);
    expect([0, 1, 2, 3].map((n) => rig.word(n))).toEqual([AT.CODE + 2, SEL.CODE3, AT.STACK3, SEL.DATA3]);
  });

  // The frame is of 64-bit mode, in which SS has no base and no limit.
  it('from compatibility mode at one level, with a stack segment that has a base', () => {
    const rig = long(0, true);
    rig.descriptor(SEL.FREE, segment({ type: 2, base: 0x1000, limit: 0xfff, pages: false }));
    rig.load(Seg.SS, SEL.FREE);
    rig.cpu.refresh();
    expect(callThrough(rig, SEL.GATE)).toBeNull();
    expect([rig.cpu.mode, rig.selector(Seg.SS), rig.rsp]).toEqual([8, SEL.FREE, AT.STACK0 - 16]);
    expect([rig.word(0), rig.word(1)]).toEqual([AT.CODE + 2, SEL.CODE0]);
  });
});

describe('gates of the IDT', () => {
  /** INT 30H at level 0 of 32-bit code through a gate of `type`. */
  function interrupted(type: number, offset: number, cpl: 0 | 3 = 0): Rig {
    const rig = protectedMode(cpl);
    rig.descriptor(CODE16, segment({ type: 10, limit: 0xffff, pages: false, big: false }));
    rig.set64(AT.IDT + 8 * 0x30, gate(SEL.CODE0, offset, type, { dpl: 3 }));
    rig.code(AT.CODE, 0xcd, 0x30);
    rig.code(TARGET, HLT);
    rig.cpu.flags.write(IF);
    run(rig, 1);
    return rig;
  }

  it.each([
    ['16-bit interrupt', INT16, 2, false],
    ['16-bit trap', TRAP16, 2, true],
    ['32-bit interrupt', INT32, 4, false],
    ['32-bit trap', TRAP32, 4, true],
  ] as const)('%s gate', (_name, type, size, keepsIf) => {
    // The upper offset word of a 16-bit gate is ignored.
    const rig = interrupted(type, size === 2 ? 0x9999_0000 | TARGET : TARGET);
    expect([rip(rig), rig.rsp, (rig.cpu.flags.read() & IF) !== 0]).toEqual([TARGET, AT.STACK0 - 3 * size, keepsIf]);
    const words = [0, 1, 2].map((n) => (size === 2 ? rig.get16(rig.rsp + 2 * n) : rig.get32(rig.rsp + 4 * n)));
    expect(words).toEqual([AT.CODE + 2, SEL.CODE0, IF | 2]);
    const inner = interrupted(type, TARGET, 3);
    expect([inner.rsp, inner.cpu.cpl, inner.selector(Seg.SS)]).toEqual([AT.STACK0 - 5 * size, 0, SEL.DATA0]);
  });

  // SDM vol. 2, INT n: [name, gate, vector and error code]; EXT is 0 for INT n.
  it.each([
    ['a call gate', gate(SEL.CODE0, TARGET, CALL32, { dpl: 3 }), [13, 0x182]],
    ['a data descriptor', segment({ type: 2 }), [13, 0x182]],
    ['absent', gate(SEL.CODE0, TARGET, INT32, { dpl: 3, present: false }), [11, 0x182]],
    ['a null selector', gate(0, TARGET, INT32, { dpl: 3 }), [13, 0]],
    ['data for a handler', gate(SEL.DATA0, TARGET, INT32, { dpl: 3 }), [13, SEL.DATA0]],
    ['an absent handler', gate(SEL.ABSENT_CODE, TARGET, INT32, { dpl: 3 }), [11, SEL.ABSENT_CODE]],
    ['a handler of an outer level', gate(SEL.CODE3, TARGET, INT32, { dpl: 3 }), [13, SEL.CODE3 & ~3]],
    ['a handler beyond the GDT', gate(SEL.OUTSIDE, TARGET, INT32, { dpl: 3 }), [13, SEL.OUTSIDE]],
    ['an offset beyond the limit', gate(SEL.SHORT_CODE, TARGET, INT32, { dpl: 3 }), [13, 0]],
  ] as const)('%s', (_name, value, fault) => {
    const rig = protectedMode();
    rig.set64(AT.IDT + 8 * 0x30, value);
    const { fault: raised } = rig.call('interrupt', { dst: operand({ imm: 0x30 }) });
    expect(raised).toEqual(fault);
  });

  it('a 16-bit handler: IP has 16 bits, and the frame is the gate’s', () => {
    const rig = protectedMode();
    rig.descriptor(CODE16, segment({ type: 10, limit: 0xffff, pages: false, big: false }));
    rig.set64(AT.IDT + 8 * 0x30, gate(CODE16, TARGET, INT32));
    rig.code(AT.CODE, 0xcd, 0x30);
    // IRETD: 66H in 16-bit code.
    rig.code(TARGET, 0x66, 0xcf);
    run(rig, 1);
    expect([rig.cpu.mode, rig.rsp]).toEqual([2, AT.STACK0 - 12]);
    run(rig, 1);
    expect([rig.cpu.mode, rig.rsp, rip(rig), reg(rig, ESP)]).toEqual([4, AT.STACK0, AT.CODE + 2, AT.STACK0]);
  });

  it('IA-32e mode knows 64-bit gates alone', () => {
    for (const type of [5, INT16, TRAP16, CALL32]) {
      const rig = longMode();
      rig.set64(AT.IDT + 16 * 0x30, gate(SEL.CODE64, TARGET, type));
      expect(rig.call('interrupt', { dst: operand({ imm: 0x30 }) }).fault).toEqual([13, 0x182]);
    }
  });
});
