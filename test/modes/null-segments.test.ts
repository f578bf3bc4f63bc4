// The audit of null segments: every way in which a segment register comes to hold a null selector, or keeps one, and what its
// hidden part is then. Titles name the SDM's section.

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { CR0 } from '../../src/cpu/arch/control-bits.ts';
import { SegAttr } from '../../src/cpu/arch/segment-attributes.ts';
import { IF } from '../../src/cpu/arch/rflags.ts';
import { longMode, protectedMode, segment } from '../system/support.ts';
import type { Rig } from '../system/support.ts';
import { MODES, interruptFrame } from './every-mode.ts';
import type { Mode } from './every-mode.ts';
import { AT, ESP, HLT, IRET, SEL, d, run, setReg } from './support.ts';
import { V86, virtual } from './virtual-support.ts';

const DATA_SEGMENTS = [Seg.ES, Seg.DS, Seg.FS, Seg.GS] as const;
const NAMES = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS'];
const GP = 13;

/** What a register holds: its selector, its base, and whether it can be used outside 64-bit mode. */
const held = ({ state }: Rig, s: number): readonly [number, bigint, string] => [
  state.segSelector[s],
  state.segBase[s],
  state.segAttributes[s] & SegAttr.UNUSABLE ? 'unusable' : 'usable',
];

/** Executes one instruction; the vector of its fault or null. */
function execute(rig: Rig): number | null {
  for (let vector = 0; vector < 64; vector++) rig.code(rig.handler(vector), HLT);
  rig.cpu.enterGuest();
  rig.cpu.exceptionCounts.fill(0);
  run(rig, 1);
  const vector = rig.cpu.exceptionCounts.findIndex((count) => count > 0);
  return vector < 0 ? null : vector;
}

/** A base that only the whole of FS.base or GS.base can hold where the mode has it. */
const baseIn = (rig: Rig): bigint => (rig.cpu.longMode ? 0xffff800012345000n : 0x12345000n);

describe.each(MODES.slice(2).map((mode) => ({ title: mode.name, mode })))(
  'MOV, POP, LFS: a null selector is loaded; $title',
  ({ mode }) => {
    /** mov reg, ax */
    const mov = (s: number): number[] => [0x8e, 0xc0 | (s << 3)];
    const is64 = mode.addressSize === 8;

    // SDM vol. 2, MOV: "loading a null selector does not cause an exception"; the base of FS and GS becomes 0 in every mode.
    it.each(DATA_SEGMENTS.flatMap((s) => [0, 1, 2, 3].map((selector) => ({ s, selector, name: NAMES[s] }))))(
      'MOV to $name of $selector',
      ({ s, selector }) => {
        const rig = mode.make(...mov(s));
        rig.state.segBase[s] = baseIn(rig);
        setReg(rig, 0, selector);
        expect([execute(rig), held(rig, s)]).toEqual([null, [selector, 0n, 'unusable']]);
      },
    );

    it.each([
      ['POP FS', Seg.FS, [0x0f, 0xa1]],
      ['POP GS', Seg.GS, [0x0f, 0xa9]],
    ] as const)('%s', (_name, s, code) => {
      const rig = mode.make(...code);
      rig.state.segBase[s] = baseIn(rig);
      rig.set64(AT.STACK0 - 16, 3n);
      setReg(rig, ESP, AT.STACK0 - 16);
      expect([execute(rig), held(rig, s)]).toEqual([null, [3, 0n, 'unusable']]);
    });

    it.each([
      ['LFS', Seg.FS, 0xb4],
      ['LGS', Seg.GS, 0xb5],
    ] as const)('%s', (_name, s, opcode) => {
      const address = mode.addressSize === 2 ? [0x06, 0x00, 0x70] : is64 ? [0x04, 0x25, ...d(0x7000)] : [0x05, ...d(0x7000)];
      const rig = mode.make(0x0f, opcode, ...address);
      rig.state.segBase[s] = baseIn(rig);
      expect([execute(rig), held(rig, s)]).toEqual([null, [0, 0n, 'unusable']]);
    });

    // SDM vol. 2, MOV: a null SS is #GP(0), but in 64-bit mode below level 3 with RPL = CPL.
    it.each([0, 1, 2, 3])('MOV to SS of %i', (selector) => {
      const rig = mode.make(...mov(Seg.SS));
      setReg(rig, 0, selector);
      const fault = execute(rig);
      expect(fault).toBe(is64 && selector === 0 ? null : GP);
      if (fault === null) expect([held(rig, Seg.SS), rig.cpu.cpl]).toEqual([[0, 0n, 'unusable'], 0]);
    });
  },
);

it('MOV to SS of a null selector at level 3 of 64-bit mode: #GP(0)', () => {
  const rig = longMode(3);
  rig.code(AT.CODE, 0x8e, 0xd0);
  setReg(rig, 0, 3);
  expect(execute(rig)).toBe(GP);
});

/** Descriptors for what DS to GS hold before a return. */
const KINDS = 0xd8;
const CODE64_1 = 0xe0;

/** [name, type and DPL of the descriptor or null, selector, whether the register can be used; what a return to level 1 and to 3 leaves]. */
type Held = readonly [string, { type: number; dpl: number } | null, number, boolean, boolean, boolean];
const HELD: readonly Held[] = [
  ['data of level 0', { type: 3, dpl: 0 }, KINDS, true, false, false],
  ['data of level 1', { type: 3, dpl: 1 }, KINDS, true, true, false],
  ['data of level 3', { type: 3, dpl: 3 }, KINDS | 3, true, true, true],
  ['readable code of level 0', { type: 11, dpl: 0 }, KINDS, true, false, false],
  ['conforming code of level 0', { type: 15, dpl: 0 }, KINDS, true, true, true],
  ['a null selector', null, 0, false, false, false],
  ['a null selector with an RPL', null, 3, false, false, false],
  ['a null selector since RESET, whose hidden part can be used', null, 0, true, false, false],
];

const RETURNS = [
  ['32-bit protected mode', () => protectedMode(), SEL.CODE1, SEL.CODE3],
  ['compatibility mode', () => longMode(0, { compat: true }), SEL.CODE1, SEL.CODE3],
  ['64-bit mode', () => longMode(), CODE64_1 | 1, SEL.CODE64_3],
  ['64-bit mode to compatibility mode', () => longMode(), SEL.CODE1, SEL.CODE3],
] as const;

describe.each(RETURNS)('IRET and RET to an outer level (vol. 2, RET, IRET); %s', (_mode, make, code1, code3) => {
  /** Every data register holds what `kind` says, with a base of its own; RSP leads to a frame. */
  function returning(kind: Held, level: 0 | 1 | 3, iret: boolean): Rig {
    const [, descriptor, selector, usable] = kind;
    const rig = make();
    const word = rig.cpu.mode === 8 ? 8 : 4;
    rig.descriptor(CODE64_1, segment({ type: 11, dpl: 1, long: true }));
    if (descriptor) rig.descriptor(KINDS, segment(descriptor));
    for (const s of DATA_SEGMENTS) {
      rig.load(s, descriptor ? KINDS : SEL.DATA0);
      rig.state.segSelector[s] = selector;
      rig.state.segBase[s] = baseIn(rig) + BigInt(s);
      if (!usable) rig.state.segAttributes[s] = SegAttr.UNUSABLE;
    }
    const code = level === 0 ? rig.selector(Seg.CS) : level === 1 ? code1 : code3;
    const stack = [AT.STACK3, level === 0 ? SEL.DATA0 : level === 1 ? SEL.DATA1 : SEL.DATA3];
    const frame = [AT.CODE + 0x100, code, ...(iret ? [IF | 2] : []), ...stack];
    frame.forEach((value, n) => (word === 8 ? rig.set64(0x7800 + 8 * n, BigInt(value)) : rig.set32(0x7800 + 4 * n, value)));
    setReg(rig, ESP, 0x7800);
    rig.code(AT.CODE, ...(word === 8 ? [0x48] : []), iret ? IRET : 0xcb);
    return rig;
  }

  // "IF (SegmentSelector = NULL) OR (tempDesc(DPL) < CPL AND tempDesc(Type) is (data or non-conforming code)) THEN
  // SegmentSelector := 0": the base is not written.
  for (const level of [1, 3] as const) {
    it.each(HELD)(`%s, to level ${level}`, (...kind) => {
      for (const iret of [true, false]) {
        const rig = returning(kind, level, iret);
        const before = DATA_SEGMENTS.map((s) => held(rig, s));
        expect([execute(rig), rig.cpu.cpl]).toEqual([null, level]);
        const stays = kind[level === 1 ? 4 : 5];
        const expected = before.map(([selector, base, use]) => (stays ? [selector, base, use] : [0, base, 'unusable']));
        expect(DATA_SEGMENTS.map((s) => held(rig, s))).toEqual(expected);
      }
    });
  }

  it.each(HELD)('%s, to the same level: nothing is touched', (...kind) => {
    for (const iret of [true, false]) {
      if (make().cpu.mode === 8 && code3 === SEL.CODE3) continue;
      const rig = returning(kind, 0, iret);
      const before = DATA_SEGMENTS.map((s) => held(rig, s));
      expect(execute(rig)).toBeNull();
      expect(DATA_SEGMENTS.map((s) => held(rig, s))).toEqual(before);
    }
  });

  it('the base is used where the mode has one, and outside 64-bit mode the register is null', () => {
    const rig = returning(HELD[0]!, 3, true);
    rig.state.segBase[Seg.GS] = 0xb000n;
    rig.set32(0xb010, 0x12345678);
    expect(execute(rig)).toBeNull();
    const is64 = rig.cpu.mode === 8;
    rig.code(AT.CODE + 0x100, 0x65, 0x8b, ...(is64 ? [0x04, 0x25] : [0x05]), ...d(0x10));
    expect(execute(rig)).toBe(is64 ? null : GP);
    if (is64) expect(Number(rig.state.gpr[0] & 0xffffffffn)).toBe(0x12345678);
  });
});

describe('SS becomes null (vol. 3, "Stack Switching in IA-32e Mode", "Interrupt Stack Table")', () => {
  const event = (rig: Rig, ist: number): Rig => {
    rig.set64(AT.IDT + 16 * 0x31, (rig.get64(AT.IDT + 16 * 0x31) & ~(7n << 32n)) | (BigInt(ist) << 32n));
    rig.code(AT.CODE, 0xcd, 0x31);
    return rig;
  };

  it.each([
    ['an event to level 0', () => event(longMode(3), 0), [0, 'unusable']],
    ['an event to level 0 through the IST', () => event(longMode(3), 1), [0, 'unusable']],
    ['an event from compatibility mode to level 0', () => event(longMode(3, { compat: true }), 0), [0, 'unusable']],
    ['an event of the same level', () => event(longMode(0), 0), [SEL.DATA0, 'usable']],
    ['an event of the same level through the IST', () => event(longMode(0), 1), [SEL.DATA0, 'usable']],
  ] as const)('%s', (_name, make, [selector, use]) => {
    const rig = make();
    rig.set64(AT.IDT + 16 * 0x31, rig.get64(AT.IDT + 16 * 0x31) | (3n << 45n));
    const kept = DATA_SEGMENTS.map((s) => held(rig, s));
    expect(execute(rig)).toBeNull();
    const [found, , usable] = held(rig, Seg.SS);
    expect([found, usable, rig.cpu.cpl, rig.state.segAttributes[Seg.SS] & 0x60]).toEqual([selector, use, 0, 0]);
    expect(DATA_SEGMENTS.map((s) => held(rig, s))).toEqual(kept);
  });

  it('and its RPL and DPL are the new level', () => {
    const rig = longMode(3);
    rig.descriptor(CODE64_1, segment({ type: 11, dpl: 1, long: true }));
    rig.set64(AT.TSS + 12, BigInt(AT.STACK0));
    rig.set64(AT.IDT + 16 * 0x31, (rig.get64(AT.IDT + 16 * 0x31) & ~0xffff0000n) | (BigInt(CODE64_1) << 16n));
    event(rig, 0);
    expect(execute(rig)).toBeNull();
    expect([held(rig, Seg.SS)[0], rig.cpu.cpl, rig.state.segAttributes[Seg.SS]]).toEqual([1, 1, SegAttr.UNUSABLE | (1 << 5)]);
  });

  // SDM vol. 2, RET and IRET: a null SS is for 64-bit code below level 3.
  it.each([
    ['to 64-bit code of level 0', SEL.CODE64, 0, null],
    ['to 64-bit code of level 1', CODE64_1 | 1, 1, null],
    ['to 64-bit code of level 3', SEL.CODE64_3, 3, GP],
    ['to compatibility mode of level 0', SEL.CODE0, 0, GP],
    ['to compatibility mode of level 1', SEL.CODE1, 1, GP],
  ] as const)('IRET with a null SS %s', (_name, code, stack, fault) => {
    const rig = longMode();
    rig.descriptor(CODE64_1, segment({ type: 11, dpl: 1, long: true }));
    [AT.CODE, code, 2, AT.STACK3, stack].forEach((value, n) => rig.set64(0x7800 + 8 * n, BigInt(value)));
    setReg(rig, ESP, 0x7800);
    rig.code(AT.CODE, 0x48, IRET);
    expect(execute(rig)).toBe(fault);
    if (fault === null) expect([held(rig, Seg.SS)[0], held(rig, Seg.SS)[2], rig.cpu.cpl]).toEqual([stack, 'unusable', code & 3]);
  });
});

describe('other ways', () => {
  it('leaving virtual-8086 mode (vol. 3, "Leaving Virtual-8086 Mode"): DS to GS are null, SS comes from the TSS', () => {
    const rig = virtual(0x3000, 0x0f, 0x0b);
    expect(execute(rig)).toBe(6);
    const values = [V86.ES, V86.DS, V86.FS, V86.GS];
    expect(DATA_SEGMENTS.map((s) => held(rig, s))).toEqual(values.map((selector) => [0, BigInt(selector * 16), 'unusable']));
    expect(held(rig, Seg.SS)).toEqual([SEL.DATA0, 0n, 'usable']);
    const mode = MODES[1] as Mode;
    expect(interruptFrame(rig, mode)[1]).toBe(V86.CS);
  });

  it('LLDT of a null selector (vol. 2, LLDT): the table is unusable', () => {
    const rig = protectedMode();
    rig.code(AT.CODE, 0x0f, 0x00, 0xd0);
    setReg(rig, 0, 2);
    expect([execute(rig), held(rig, Seg.LDTR)]).toEqual([null, [2, 0n, 'unusable']]);
  });

  it('LTR of a null selector (vol. 2, LTR): #GP(0)', () => {
    const rig = protectedMode();
    rig.code(AT.CODE, 0x0f, 0x00, 0xd8);
    expect(execute(rig)).toBe(GP);
  });

  it('real-address mode (vol. 3, "Switching Back to Real-Address Mode"): a register left null cannot be used until it is loaded', () => {
    const rig = protectedMode();
    rig.code(AT.CODE, 0x66, 0xa1, ...[0x00, 0x70], 0x8e, 0xd8, 0x66, 0xa1, ...[0x00, 0x70]);
    rig.call('loadSegment', {}, 0n, BigInt(Seg.DS));
    rig.load(Seg.CS, SEL.CODE0);
    rig.state.segAttributes[Seg.CS] = 0x9b;
    rig.state.cr0[0] &= ~CR0.PE;
    rig.cpu.enterGuest();
    expect(rig.cpu.flat[Seg.DS]).toBe(0);
    rig.state.rip[0] = BigInt(AT.CODE + 4);
    setReg(rig, 0, 0x700);
    expect([execute(rig), held(rig, Seg.DS), rig.state.segLimit[Seg.DS]]).toEqual([null, [0x700, 0x7000n, 'usable'], 0xffff]);
  });
});
