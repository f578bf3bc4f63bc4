// The audit of segment loads: what selector, base, limit and rights a register has after each way of loading it. Null selectors
// are in null-segments.test.ts. Titles name the SDM's section.

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { CR4 } from '../../src/cpu/arch/control-bits.ts';
import { NT, VM } from '../../src/cpu/arch/rflags.ts';
import { resetVcpu } from '../../src/cpu/reset.ts';
import { gate, longMode, protectedMode, segment } from '../system/support.ts';
import type { Rig } from '../system/support.ts';
import { MODES } from './every-mode.ts';
import { AT, EAX, ECX, EDX, ESP, HLT, IRET, SEL, d, realMode, reg, run, setReg, w } from './support.ts';
import { virtual } from './virtual-support.ts';

const FLAT = 0xffffffff;
const DATA_SEGMENTS = [Seg.ES, Seg.DS, Seg.FS, Seg.GS] as const;

type Held = readonly [selector: number, base: bigint, limit: number, rights: number];

const held = ({ state }: Rig, s: number): Held => [state.segSelector[s], state.segBase[s], state.segLimit[s], state.segAttributes[s]];

/** Executes `count` instructions without a fault. */
function execute(rig: Rig, count = 1): Rig {
  rig.cpu.enterGuest();
  rig.cpu.exceptionCounts.fill(0);
  expect(run(rig, count).retired).toBe(count);
  expect([...rig.cpu.exceptionCounts].filter((n) => n > 0)).toEqual([]);
  return rig;
}

const at = (rig: Rig, ...code: number[]): Rig => {
  rig.code(AT.CODE, ...code);
  return rig;
};

const PROTECTED = MODES.slice(2).map((mode) => ({ title: mode.name, mode }));

describe.each(PROTECTED)('MOV (vol. 3, "Segment Loading Instructions in IA-32e Mode"); $title', ({ mode }) => {
  // [name, descriptor, what is held]; type bit 0, accessed, is set in the register and in memory.
  it.each([
    ['flat data', segment({ type: 2 }), [0n, FLAT, 0xc093]],
    ['data in bytes', segment({ type: 2, base: 0x12345678, limit: 0x345, pages: false, big: false }), [0x12345678n, 0x345, 0x93]],
    ['a base above 2 GiB', segment({ type: 2, base: 0xf2345678 }), [0xf2345678n, FLAT, 0xc093]],
    ['read-only data that expands down', segment({ type: 4, limit: 1 }), [0n, 0x1fff, 0xc095]],
    ['readable conforming code', segment({ type: 14 }), [0n, FLAT, 0xc09f]],
  ] as const)('%s', (_name, descriptor, [base, limit, rights]) => {
    for (const s of DATA_SEGMENTS) {
      const rig = mode.make(0x8e, 0xc0 | (s << 3));
      rig.descriptor(0xe8, descriptor);
      // Bits 63:32 of what was there before go.
      rig.state.segBase[s] = rig.cpu.longMode ? 0xffff800000000000n : 0n;
      setReg(rig, EAX, 0xe8);
      expect(held(execute(rig), s)).toEqual([0xe8, base, limit, rights]);
      expect(rig.get8(AT.GDT + 0xe8 + 5) & 1).toBe(1);
    }
  });
});

describe('real-address and virtual-8086 mode', () => {
  it('real-address mode (vol. 3, "Real-Address Mode Operation"): the base; limit and rights stay', () => {
    const rig = realMode();
    rig.state.segLimit[Seg.FS] = FLAT;
    rig.state.segAttributes[Seg.FS] = 0xc093;
    rig.code(AT.CODE, 0x8e, 0xe0);
    rig.state.rip[0] = BigInt(AT.CODE);
    setReg(rig, EAX, 0xf123);
    expect(held(execute(rig), Seg.FS)).toEqual([0xf123, 0xf1230n, FLAT, 0xc093]);
  });

  it('virtual-8086 mode (vol. 3, "Segment Registers and 8086 emulation"): 64 KiB of level 3', () => {
    const rig = virtual(0x3000, 0x8e, 0xe0);
    setReg(rig, EAX, 0xf123);
    expect(held(execute(rig), Seg.FS)).toEqual([0xf123, 0xf1230n, 0xffff, 0xf3]);
  });

  it('IRET to virtual-8086 mode (vol. 3, "Entering Virtual-8086 Mode"): all six', () => {
    const rig = virtual(0x3000, HLT);
    for (let s = 0; s < 6; s++) {
      const selector = rig.selector(s);
      expect(held(rig, s)).toEqual([selector, BigInt(selector * 16), 0xffff, 0xf3]);
    }
  });
});

describe('FS.base and GS.base (vol. 3, "Segment Loading Instructions in IA-32e Mode")', () => {
  const HIGH = 0xffff80000000b000n;

  it('WRMSR and WRFSBASE write the base alone', () => {
    const rig = at(longMode(), 0x0f, 0x30, 0xf3, 0x48, 0x0f, 0xae, 0xd2);
    rig.state.cr4[0] |= CR4.FSGSBASE;
    const before = [held(rig, Seg.FS), held(rig, Seg.GS)];
    setReg(rig, ECX, 0xc0000101);
    setReg(rig, EAX, 0xb000);
    rig.state.gpr[EDX] = 0xffff8000n;
    execute(rig);
    rig.state.gpr[EDX] = HIGH;
    execute(rig);
    expect([held(rig, Seg.FS), held(rig, Seg.GS)]).toEqual(before.map(([selector, , limit, rights]) => [selector, HIGH, limit, rights]));
  });

  it('compatibility mode uses the low half, and 64-bit mode finds the whole again', () => {
    // Far RET to compatibility mode, mov eax, fs:[10H], and far RET back.
    const rig = at(longMode(), 0x48, 0xcb);
    rig.code(0x5100, 0x64, 0xa1, ...d(0x10), 0xcb);
    rig.state.segBase[Seg.FS] = HIGH;
    rig.set32(0xb010, 0x12345678);
    rig.set64(0x7800, 0x5100n);
    rig.set64(0x7808, BigInt(SEL.CODE0));
    rig.set32(0x7810, AT.CODE);
    rig.set32(0x7814, SEL.CODE64);
    setReg(rig, ESP, 0x7800);
    execute(rig, 2);
    expect([reg(rig, EAX), rig.cpu.base[Seg.FS]]).toEqual([0x12345678, 0xb000]);
    execute(rig);
    expect([rig.state.segBase[Seg.FS], rig.cpu.base[Seg.FS]]).toEqual([HIGH, Number(BigInt.asIntN(64, HIGH))]);
  });
});

describe('fixed segments: no descriptor is read, DS to GS stay as they are', () => {
  const CODE = 0x809b;
  const DATA = 0xc093;
  const L = 0x2000;
  const D = 0x4000;
  const LEVEL3 = 0x60;

  function fixed(cpl: 0 | 3, star: bigint, sysenterCs: number, code: readonly number[], compat = false): Rig {
    const rig = at(longMode(cpl, { compat }), ...code);
    rig.state.star[0] = star;
    rig.state.lstar[0] = BigInt(AT.CODE);
    rig.state.sysenterCs[0] = BigInt(sysenterCs);
    rig.state.sysenterEip[0] = BigInt(AT.CODE);
    rig.state.gpr[ECX] = BigInt(AT.CODE);
    rig.state.gpr[EDX] = BigInt(AT.CODE);
    return rig;
  }

  // [name, level before, IA32_STAR, IA32_SYSENTER_CS, code, CS, SS].
  it.each([
    ['SYSCALL', 3, 0x0010n << 32n, 0, [0x0f, 0x05], [0x10, CODE | L], [0x18, DATA]],
    ['SYSCALL: CS loses its RPL, SS does not', 3, 0x0013n << 32n, 0, [0x0f, 0x05], [0x10, CODE | L], [0x1b, DATA]],
    ['SYSCALL: selectors of null', 3, 0n, 0, [0x0f, 0x05], [0, CODE | L], [8, DATA]],
    ['SYSRET to 64-bit mode', 0, 0x0020n << 48n, 0, [0x48, 0x0f, 0x07], [0x33, CODE | L | LEVEL3], [0x2b, DATA | LEVEL3]],
    ['SYSRET to compatibility mode', 0, 0x0020n << 48n, 0, [0x0f, 0x07], [0x23, CODE | D | LEVEL3], [0x2b, DATA | LEVEL3]],
    ['SYSRET: selectors wrap', 0, 0xfff8n << 48n, 0, [0x48, 0x0f, 0x07], [0x0b, CODE | L | LEVEL3], [3, DATA | LEVEL3]],
    ['SYSENTER', 3, 0n, 0x13, [0x0f, 0x34], [0x10, CODE | L], [0x18, DATA]],
    ['SYSEXIT to 64-bit mode', 0, 0n, 0x10, [0x48, 0x0f, 0x35], [0x33, CODE | L | LEVEL3], [0x3b, DATA | LEVEL3]],
    ['SYSEXIT to compatibility mode', 0, 0n, 0x10, [0x0f, 0x35], [0x23, CODE | D | LEVEL3], [0x2b, DATA | LEVEL3]],
  ] as const)('%s (vol. 2)', (_name, cpl, star, sysenterCs, code, [cs, csRights], [ss, ssRights]) => {
    const rig = fixed(cpl, star, sysenterCs, code);
    rig.call('loadSegment', {}, 3n, BigInt(Seg.GS));
    rig.state.segBase[Seg.GS] = 0xffff800000001000n;
    const kept = DATA_SEGMENTS.map((s) => held(rig, s));
    execute(rig);
    expect(held(rig, Seg.CS)).toEqual([cs, 0n, FLAT, csRights]);
    expect(held(rig, Seg.SS)).toEqual([ss, 0n, FLAT, ssRights]);
    expect([rig.cpu.cpl, DATA_SEGMENTS.map((s) => held(rig, s))]).toEqual([cpl === 3 ? 0 : 3, kept]);
  });

  it('SYSENTER in legacy protected mode: 32-bit code', () => {
    const rig = at(protectedMode(3), 0x0f, 0x34);
    rig.state.sysenterCs[0] = 0x10n;
    rig.state.sysenterEip[0] = BigInt(AT.CODE);
    execute(rig);
    expect([held(rig, Seg.CS), held(rig, Seg.SS)]).toEqual([
      [0x10, 0n, FLAT, CODE | D],
      [0x18, 0n, FLAT, DATA],
    ]);
  });
});

describe('CS and its RPL (vol. 3, "Accessing Code Segments")', () => {
  const cases: readonly (readonly [string, 0 | 3, readonly number[], number, number])[] = [
    ['far JMP with an RPL below CPL', 3, [0xea, ...d(AT.CODE), ...w(SEL.CODE3 & ~3)], SEL.CODE3, 3],
    ['far JMP to conforming code', 3, [0xea, ...d(AT.CODE), ...w(SEL.CONFORMING)], SEL.CONFORMING | 3, 3],
    ['far CALL to conforming code', 3, [0x9a, ...d(AT.CODE), ...w(SEL.CONFORMING)], SEL.CONFORMING | 3, 3],
    ['a call gate to an inner level', 3, [0x9a, ...d(0), ...w(SEL.GATE | 3)], SEL.CODE0, 0],
    ['INT to an inner level', 3, [0xcd, 0x30], SEL.CODE0, 0],
    ['INT of the same level', 0, [0xcd, 0x30], SEL.CODE0, 0],
  ];

  it.each(cases)('%s', (_name, cpl, code, selector, level) => {
    const rig = at(protectedMode(cpl), ...code);
    rig.descriptor(SEL.GATE, gate(SEL.CODE0, AT.CODE, 12, { dpl: 3 }));
    execute(rig);
    expect([rig.selector(Seg.CS), rig.cpu.cpl]).toEqual([selector, level]);
    if (level < cpl) expect(held(rig, Seg.SS)).toEqual([SEL.DATA0, 0n, FLAT, 0xc093]);
  });
});

describe('task switches (vol. 3, "Task Switching")', () => {
  const OTHER = 0xd8;
  const TSS2 = 0x3400;

  function tasks(flags: number, selectors: readonly number[], ldt = 0): Rig {
    const rig = at(protectedMode(), 0xea, ...d(0), ...w(OTHER));
    rig.descriptor(SEL.TSS, segment({ type: 11, system: true, base: AT.TSS, limit: 0x2ff, pages: false, big: false }));
    rig.descriptor(OTHER, segment({ type: 9, system: true, base: TSS2, limit: 0x67, pages: false, big: false }));
    rig.set32(TSS2 + 32, AT.CODE);
    rig.set32(TSS2 + 36, flags);
    selectors.forEach((selector, s) => rig.set32(TSS2 + 72 + 4 * s, selector));
    rig.set16(TSS2 + 96, ldt);
    return rig;
  }

  it('every register from its descriptor; null selectors keep their RPL, and their bases are 0', () => {
    const rig = execute(tasks(2, [3, SEL.CODE0, SEL.DATA0, SEL.READ_ONLY, 0, SEL.CONFORMING], 1));
    expect([0, 1, 2, 3, 4, 5].map((s) => rig.selector(s))).toEqual([3, SEL.CODE0, SEL.DATA0, SEL.READ_ONLY, 0, SEL.CONFORMING]);
    const unusable = [0, 1, 2, 3, 4, 5, 6, 7].map((s) => rig.state.segAttributes[s] >>> 16);
    expect(unusable).toEqual([1, 0, 0, 0, 1, 0, 1, 0]);
    expect([held(rig, Seg.DS), held(rig, Seg.GS)]).toEqual([
      [SEL.READ_ONLY, 0n, FLAT, 0xc091],
      [SEL.CONFORMING, 0n, FLAT, 0xc09f],
    ]);
    expect(held(rig, Seg.TR)).toEqual([OTHER, BigInt(TSS2), 0x67, 0x8b]);
    expect([rig.state.segBase[Seg.ES], rig.state.segBase[Seg.FS]]).toEqual([0n, 0n]);
  });

  it('to virtual-8086 mode', () => {
    const rig = execute(tasks(VM | 2, [1, 0x400, 3, 4, 5, 6]));
    expect([0, 1, 2, 3, 4, 5].map((s) => held(rig, s))).toEqual(
      [1, 0x400, 3, 4, 5, 6].map((selector) => [selector, BigInt(selector * 16), 0xffff, 0xf3]),
    );
  });

  it('a 16-bit TSS has no FS and GS: null', () => {
    const rig = tasks(2, []);
    rig.descriptor(OTHER, segment({ type: 1, system: true, base: TSS2, limit: 0x2b, pages: false, big: false }));
    [AT.CODE, 2].forEach((word, n) => rig.set16(TSS2 + 14 + 2 * n, word));
    [SEL.DATA0, SEL.CODE0, SEL.DATA0, SEL.DATA0, 0].forEach((selector, s) => rig.set16(TSS2 + 34 + 2 * s, selector));
    execute(rig);
    expect([Seg.FS, Seg.GS].map((s) => [rig.selector(s), rig.state.segAttributes[s] >>> 16])).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it.each([
    ['a null CS', [SEL.DATA0, 3, SEL.DATA0, SEL.DATA0, 0, 0]],
    ['a null SS', [SEL.DATA0, SEL.CODE0, 0, SEL.DATA0, 0, 0]],
  ] as const)('%s: #TS(0)', (_name, selectors) => {
    const rig = tasks(2, selectors);
    rig.cpu.enterGuest();
    run(rig, 1);
    expect(rig.cpu.exceptionChain[0]).toMatchObject({ vector: 10, errorCode: 0 });
  });

  it('IRET to the task before restores all of them', () => {
    const rig = tasks(2, [SEL.DATA0, SEL.CODE0, SEL.DATA0, SEL.DATA0, 0, 0]);
    at(rig, 0x9a, ...d(0), ...w(OTHER));
    rig.load(Seg.GS, SEL.READ_ONLY);
    execute(rig);
    expect(rig.cpu.flags.read() & NT).toBe(NT);
    rig.code(AT.CODE, IRET);
    execute(rig);
    expect(held(rig, Seg.GS)).toEqual([SEL.READ_ONLY, 0n, FLAT, 0xc091]);
  });
});

describe('RESET (vol. 3, "Processor State After Reset")', () => {
  const rig = longMode(3);
  rig.state.segBase[Seg.GS] = 0xffff800000000000n;
  resetVcpu(rig.cpu);

  it.each([
    ['CS', Seg.CS, [0xf000, 0xffff0000n, 0xffff, 0x9b]],
    ...DATA_SEGMENTS.map((s) => [`segment register ${s}`, s, [0, 0n, 0xffff, 0x93]] as const),
    ['SS', Seg.SS, [0, 0n, 0xffff, 0x93]],
    ['LDTR', Seg.LDTR, [0, 0n, 0xffff, 0x82]],
    ['TR', Seg.TR, [0, 0n, 0xffff, 0x8b]],
  ] as const)('%s', (_name, s, expected) => {
    expect(held(rig, s)).toEqual(expected);
  });
});
