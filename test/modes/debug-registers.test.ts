// The audit of DR6 and DR7: what each kind of debug exception leaves in DR6 of what was there, which fields of DR7 mean what, and
// what MOV to and from debug registers accepts. Matching itself is in breakpoints.test.ts. Titles name the SDM's section.

import { describe, expect, it } from 'vitest';
import { noteDataAccess } from '../../src/cpu/breakpoints.ts';
import { CR4 } from '../../src/cpu/arch/control-bits.ts';
import { RF, TF } from '../../src/cpu/arch/rflags.ts';
import { gate, longMode, protectedMode, segment } from '../system/support.ts';
import type { Rig } from '../system/support.ts';
import { AT, EAX, ECX, EDI, ESP, HLT, IRET, NOP, SEL, d, reg, rip, run, setReg, w } from './support.ts';

const DB = 1;
const BP = 3;
const UD = 6;
const GP = 13;
const FIXED6 = 0xffff0ff0n;
const FIXED7 = 0x400n;
const BD = 0x2000n;
const BS = 0x4000n;
const BT = 0x8000n;

const EXECUTE = 0;
const WRITE = 1;
const IO = 2;
const READ_WRITE = 3;
/** DR7 with breakpoint `n` enabled globally; `length` is the LEN field. */
const enable = (n: number, kind: number, length = 0): bigint =>
  (2n << BigInt(2 * n)) | (BigInt(kind | (length << 2)) << BigInt(16 + 4 * n));
const STORE = [0xa3, ...d(0x1234)];

/** mov eax, drN or mov drN, eax. */
const fromDr = (n: number): number[] => [0x0f, 0x21, 0xc0 | (n << 3)];
const toDr = (n: number): number[] => [0x0f, 0x23, 0xc0 | (n << 3)];

function withCode(rig: Rig, ...code: number[]): Rig {
  for (let vector = 0; vector < 64; vector++) rig.code(rig.handler(vector), HLT);
  rig.code(AT.CODE, ...code);
  return rig;
}

/** Runs to HLT; the vector whose handler that is in, or null. */
function vectorOf(rig: Rig): number | null {
  rig.cpu.enterGuest();
  expect(run(rig).reason).toBe('halted');
  const vector = (rip(rig) - 1 - AT.HANDLERS) / 16;
  return Number.isInteger(vector) && vector >= 0 && vector < 64 ? vector : null;
}

/** The other task, whose TSS has T set. */
function taskWithT(): Rig {
  const rig = withCode(protectedMode(), 0xea, ...d(0), ...w(0xd8));
  rig.descriptor(SEL.TSS, segment({ type: 11, system: true, base: AT.TSS, limit: 0x2ff, pages: false, big: false }));
  rig.descriptor(0xd8, segment({ type: 9, system: true, base: 0x3400, limit: 0x67, pages: false, big: false }));
  rig.set32(0x3400 + 32, 0x7000);
  rig.set32(0x3400 + 36, 2);
  rig.set32(0x3400 + 56, 0xb000);
  [SEL.DATA0, SEL.CODE0, SEL.DATA0, SEL.DATA0, 0, 0].forEach((selector, n) => rig.set32(0x3400 + 72 + 4 * n, selector));
  rig.set16(0x3400 + 100, 1);
  return rig;
}

const stepping = (rig: Rig): Rig => {
  rig.cpu.flags.write(TF);
  return rig;
};

const withDr = (rig: Rig, dr: Partial<Record<0 | 1 | 2 | 3, number>>, dr7: bigint): Rig => {
  for (const [n, address] of Object.entries(dr)) rig.state.dr[Number(n)] = BigInt(address);
  rig.state.dr[7] = FIXED7 | dr7;
  return rig;
};

const withPort = (rig: Rig): Rig => {
  rig.host.ports.set(0x80, 0);
  rig.state.cr4[0] |= CR4.DE;
  return rig;
};

describe('DR6 after each debug exception (vol. 3, "Debug Status Register (DR6)")', () => {
  // [name, the machine, the conditions that are reported]. B0 to B3 of before go; BD, BS and BT of before stay.
  const CAUSES: readonly (readonly [string, () => Rig, bigint])[] = [
    ['single step', () => stepping(withCode(protectedMode(), NOP)), BS],
    ['instruction breakpoint', () => withDr(withCode(protectedMode(), NOP), { 2: AT.CODE }, enable(2, EXECUTE)), 4n],
    [
      'two instruction breakpoints',
      () => withDr(withCode(protectedMode(), NOP), { 0: AT.CODE, 3: AT.CODE }, enable(0, 0) | enable(3, 0)),
      9n,
    ],
    ['data breakpoint', () => withDr(withCode(protectedMode(), ...STORE), { 1: 0x1234 }, enable(1, WRITE)), 2n],
    ['I/O breakpoint', () => withPort(withDr(withCode(protectedMode(), 0xe6, 0x80), { 3: 0x80 }, enable(3, IO))), 8n],
    ['step and data breakpoint', () => stepping(withDr(withCode(protectedMode(), ...STORE), { 1: 0x1234 }, enable(1, WRITE))), BS | 2n],
    ['general detect', () => withDr(withCode(protectedMode(), ...fromDr(6)), {}, 0x2000n), BD],
    ['task switch', taskWithT, BT],
    ['64-bit mode: single step', () => stepping(withCode(longMode(), NOP)), BS],
    ['64-bit mode: instruction breakpoint', () => withDr(withCode(longMode(), NOP), { 0: AT.CODE }, enable(0, EXECUTE)), 1n],
  ];

  it.each(CAUSES)('%s', (_name, make, conditions) => {
    for (const before of [0n, 15n, BD | BS | BT | 15n, BS | 2n]) {
      const rig = make();
      rig.state.dr[6] = FIXED6 | before;
      expect(vectorOf(rig)).toBe(DB);
      expect(rig.state.dr[6]).toBe(FIXED6 | (before & ~15n) | conditions);
    }
  });

  // What is no debug exception leaves it: other vectors, INT 1, INT3, a breakpoint that is not met. INT1 generates #DB without a word.
  it.each([
    ['INT 1', [0xcd, 1], DB],
    ['INT1', [0xf1], DB],
    ['INT3', [0xcc], BP],
    ['#UD', [0x0f, 0x0b], UD],
    ['nothing', [NOP, HLT], null],
  ] as const)('%s leaves it as it was', (_name, code, vector) => {
    const rig = withDr(withCode(protectedMode(), ...code), { 0: 0x100, 1: 0x104 }, enable(0, EXECUTE) | enable(1, WRITE));
    rig.state.dr[6] = FIXED6 | BS | 6n;
    expect([vectorOf(rig), rig.state.dr[6]]).toEqual([vector, FIXED6 | BS | 6n]);
  });

  // "May or may not be set if the breakpoint is not enabled": here it is not.
  it('a breakpoint that is met but not enabled is not reported', () => {
    const rig = withDr(withCode(protectedMode(), ...STORE), { 0: 0x1234, 1: 0x1234 }, enable(1, WRITE) | (BigInt(WRITE) << 16n));
    expect([vectorOf(rig), rig.state.dr[6]]).toEqual([DB, FIXED6 | 2n]);
  });
});

describe('DR7 (vol. 3, "Debug Control Register (DR7)")', () => {
  const watching = (dr7: bigint): number | null => {
    const rig = withCode(protectedMode(), ...STORE, HLT);
    rig.state.dr[1] = 0x1234n;
    rig.state.dr[7] = FIXED7 | dr7;
    return vectorOf(rig);
  };
  const RW1 = BigInt(WRITE) << 20n;

  it.each([
    ['L1', 4n, DB],
    ['G1', 8n, DB],
    ['both', 12n, DB],
    ['neither', 0n, null],
    ["another breakpoint's", 0x33n, null],
    ['LE and GE alone', 0x300n, null],
  ] as const)('enabled by %s', (_name, bits, vector) => {
    expect(watching(RW1 | bits)).toBe(vector);
  });

  // [R/W, an instruction there, a write, a read, an I/O access with CR4.DE, the same without].
  it.each([
    ['00B', EXECUTE, [true, false, false, false, false]],
    ['01B', WRITE, [false, true, false, false, false]],
    ['10B', IO, [false, false, false, true, false]],
    ['11B', READ_WRITE, [false, true, true, false, false]],
  ] as const)('R/W = %s', (_name, kind, expected) => {
    const meets = (address: number, code: readonly number[], de: boolean): boolean => {
      const rig = withPort(withDr(withCode(protectedMode(), ...code, HLT), { 0: address }, enable(0, kind)));
      if (!de) rig.state.cr4[0] &= ~CR4.DE;
      return vectorOf(rig) === DB;
    };
    const load = [0xa1, ...d(0x80)];
    const store = [0xa3, ...d(0x80)];
    const output = [0xe6, 0x80];
    expect([
      meets(AT.CODE, [NOP], true),
      meets(0x80, store, true),
      meets(0x80, load, true),
      meets(0x80, output, true),
      meets(0x80, output, false),
    ]).toEqual(expected);
  });

  // LEN: the range is as long, and aligned to its length; a byte is stored at its first and last byte and beside them.
  it.each([
    ['00B', 0, 1],
    ['01B', 1, 2],
    ['11B', 3, 4],
    ['10B, 8 bytes in all modes', 2, 8],
  ] as const)('LEN = %s', (_name, length, bytes) => {
    const meets = (at: number): boolean => {
      const rig = withDr(withCode(protectedMode(), 0xa2, ...d(at), HLT), { 3: 0x1240 + bytes - 1 }, enable(3, WRITE, length));
      return vectorOf(rig) === DB;
    };
    expect([0x123f, 0x1240, 0x1240 + bytes - 1, 0x1240 + bytes].map(meets)).toEqual([false, true, true, false]);
  });

  // "The processor clears the GD flag upon entering to the debug exception handler", whatever the exception's cause.
  it.each([
    ['general detect', [...fromDr(0)], 0, true],
    ['single step', [NOP], TF, true],
    ['INT1', [0xf1], 0, true],
    ['INT 1, which is no exception', [0xcd, 1], 0, false],
  ] as const)('GD is cleared on the way to the handler: %s', (_name, code, flags, cleared) => {
    const rig = withDr(withCode(protectedMode(), ...code), {}, 0x2000n);
    rig.cpu.flags.write(flags);
    expect([vectorOf(rig), rig.state.dr[7]]).toEqual([DB, FIXED7 | (cleared ? 0n : 0x2000n)]);
  });

  // L0 to L3 "are cleared on every task switch"; G0 to G3, GE and the fields stay. LE goes too, as on the 80386.
  it('a task switch clears what is local', () => {
    const rig = taskWithT();
    rig.set16(0x3400 + 100, 0);
    rig.code(0x7000, HLT);
    rig.state.dr[7] = 0x5a5a07ffn;
    rig.cpu.enterGuest();
    expect(run(rig).reason).toBe('halted');
    expect(rig.state.dr[7]).toBe(0x5a5a06aan | FIXED7);
  });
});

describe('MOV DR (vol. 2, "MOV—Move to/from Debug Registers")', () => {
  // [name, the machine, its fault]; what is undefined comes before the level, the level before GD.
  const rigWith = (make: () => Rig, code: readonly number[], { de = false, gd = false } = {}): Rig => {
    const rig = withCode(make(), ...code, HLT);
    if (de) rig.state.cr4[0] |= CR4.DE;
    if (gd) rig.state.dr[7] |= 0x2000n;
    return rig;
  };
  it.each([
    ['DR4 without CR4.DE is DR6', () => rigWith(protectedMode, fromDr(4)), null],
    ['DR4 with CR4.DE', () => rigWith(protectedMode, fromDr(4), { de: true }), UD],
    ['DR5 with CR4.DE', () => rigWith(protectedMode, toDr(5), { de: true }), UD],
    ['DR5 with CR4.DE at level 3', () => rigWith(() => protectedMode(3), toDr(5), { de: true }), UD],
    ['DR5 with CR4.DE and GD', () => rigWith(protectedMode, toDr(5), { de: true, gd: true }), UD],
    ['DR8', () => rigWith(longMode, [0x44, ...fromDr(0)]), UD],
    ['DR15 at level 3', () => rigWith(() => longMode(3), [0x44, ...fromDr(7)]), UD],
    ['level 3', () => rigWith(() => protectedMode(3), fromDr(0)), GP],
    ['level 3 with GD', () => rigWith(() => protectedMode(3), fromDr(0), { gd: true }), GP],
    ['reading with GD', () => rigWith(protectedMode, fromDr(0), { gd: true }), DB],
    ['writing with GD', () => rigWith(protectedMode, toDr(3), { gd: true }), DB],
    ['64-bit mode with GD', () => rigWith(longMode, fromDr(7), { gd: true }), DB],
  ] as const)('%s', (_name, make, fault) => {
    expect(vectorOf(make())).toBe(fault);
  });

  it('general detect is a fault, with RF in its image, and the register is not written', () => {
    const rig = rigWith(protectedMode, toDr(0), { gd: true });
    setReg(rig, EAX, 0x1234);
    expect([vectorOf(rig), rig.word(0), rig.word(2) & RF, rig.state.dr[0]]).toEqual([DB, AT.CODE, RF, 0n]);
  });

  // Reserved bits: DR6 reads as FFFF0FF0H with B, BD, BS, BT; DR7 as 400H with the fields. BLD and RTM, which are active low, cannot go.
  it.each([
    [6, 0n, FIXED6],
    [6, 0xffffffffn, FIXED6 | 0xe00fn],
    [6, 0x1000n, FIXED6],
    [6, ~0x10800n & 0xffffffffn, FIXED6 | 0xe00fn],
    [7, 0n, FIXED7],
    [7, 0xffffffffn, 0xffff27ffn],
    [7, 0xd800n, FIXED7],
    [0, 0xffffffffn, 0xffffffffn],
  ] as const)('DR%i of %i', (n, value, expected) => {
    const rig = withCode(protectedMode(), ...toDr(n));
    rig.state.gpr[EAX] = value;
    // RTM, LE … of DR7 arm nothing here that a HLT would meet.
    rig.cpu.enterGuest();
    expect(run(rig, 1).retired).toBe(1);
    expect(rig.state.dr[n]).toBe(expected);
  });

  // vol. 3, "Debug Registers and Intel 64 Processors".
  it.each([
    ['DR6 with a bit of 63:32', 6, 1n << 32n, GP],
    ['DR7 with a bit of 63:32', 7, 1n << 63n, GP],
    ['DR0 takes all 64 bits, canonical or not', 0, 0x8123456789abcdefn, null],
  ] as const)('64-bit mode: %s', (_name, n, value, fault) => {
    const rig = withCode(longMode(), ...toDr(n), HLT);
    rig.state.gpr[EAX] = value;
    expect(vectorOf(rig)).toBe(fault);
    if (fault === null) expect(rig.state.dr[n]).toBe(value);
  });

  it('outside 64-bit mode the upper half is written as 0 and not read', () => {
    const rig = withCode(longMode(0, { compat: true }), ...fromDr(1), ...toDr(2), HLT);
    rig.state.dr[1] = 0xffff888012345678n;
    rig.state.dr[2] = ~0n & 0xffffffffffffffffn;
    expect([vectorOf(rig), reg(rig, EAX), rig.state.dr[2]]).toEqual([null, 0x12345678, 0x12345678n]);
  });

  it('a breakpoint on the next instruction is in force', () => {
    const rig = withDr(withCode(protectedMode(), ...toDr(7), NOP, HLT), { 0: AT.CODE + 3 }, 0n);
    setReg(rig, EAX, Number(FIXED7) | 2);
    expect([vectorOf(rig), rig.word(0)]).toEqual([DB, AT.CODE + 3]);
  });
});

describe('addresses', () => {
  // All 64 bits of DRn are compared: a breakpoint of a 64-bit kernel means nothing to a program in compatibility mode.
  it.each([
    ['64-bit mode', () => longMode()],
    ['compatibility mode', () => longMode(0, { compat: true })],
  ] as const)('a breakpoint at -512 GiB + 1234H is not met by a store at 1234H: %s', (_name, make) => {
    const rig = withCode(make(), 0x89, 0x07, HLT);
    rig.state.gpr[EDI] = 0x1234n;
    rig.state.dr[0] = 0xffffff8000001234n;
    rig.state.dr[7] = FIXED7 | enable(0, WRITE);
    expect(vectorOf(rig)).toBeNull();
  });

  it('an access past 4 GiB goes on at 0, and so does what it meets', () => {
    const rig = withDr(protectedMode(), { 0: 1, 1: 2 }, enable(0, WRITE) | enable(1, WRITE));
    noteDataAccess(rig.cpu, 0xfffffffe, 4, true);
    expect(rig.cpu.breakpointHits).toBe(1);
  });
});

describe('RF and instruction breakpoints (vol. 3, "Instruction-Breakpoint Exception Condition")', () => {
  it('RF is pushed as it was, and set in the image it carries the instruction past the breakpoint', () => {
    const rig = withDr(withCode(protectedMode(), NOP, HLT), { 0: AT.CODE }, enable(0, EXECUTE));
    rig.code(rig.handler(DB), 0x41, 0x80, 0x4c, 0x24, 0x0a, 0x01, IRET);
    expect([vectorOf(rig), reg(rig, ECX), rig.cpu.flags.read() & RF]).toEqual([null, 1, 0]);
  });

  it.each([
    ['without RF: again and again', 0, 3],
    ['with RF: not once', RF, 0],
  ] as const)('IRET %s', (_name, flags, times) => {
    const rig = withDr(withCode(protectedMode(), IRET), { 0: 0x7000 }, enable(0, EXECUTE));
    rig.code(0x7000, HLT);
    // The handler counts, and disarms at the third time.
    rig.code(rig.handler(DB), 0x41, 0x83, 0xf9, 3, 0x75, 5, 0x31, 0xc0, ...toDr(7), IRET);
    [0x7000, SEL.CODE0, flags | 2].forEach((value, n) => rig.set32(0x7800 + 4 * n, value));
    setReg(rig, ESP, 0x7800);
    rig.cpu.enterGuest();
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), reg(rig, ECX)]).toEqual([0x7001, times]);
  });

  it('a fault of the instruction has RF in its image, the end of an instruction clears it', () => {
    const rig = withDr(withCode(protectedMode(), 0x0f, 0x0b), { 0: AT.CODE }, enable(0, EXECUTE));
    rig.cpu.flags.write(RF);
    expect([vectorOf(rig), rig.word(2) & RF]).toEqual([UD, RF]);
  });
});

describe('MOV SS (vol. 3, "Masking Exceptions and Interrupts When Switching Stacks")', () => {
  const MOV_SS = [0x8e, 0x15, ...d(0x1234)];
  const rigOf = (...after: number[]): Rig => {
    const rig = withCode(protectedMode(), ...MOV_SS, ...after, HLT);
    rig.set16(0x1234, SEL.DATA0);
    return rig;
  };

  it('an instruction breakpoint on the next instruction is suppressed', () => {
    const rig = withDr(rigOf(NOP, NOP), { 0: AT.CODE + 6 }, enable(0, EXECUTE));
    expect([vectorOf(rig), rig.state.dr[6]! & 15n]).toEqual([null, 0n]);
  });

  it('its own single step is suppressed, that of the next instruction is not', () => {
    const rig = stepping(rigOf(NOP, NOP));
    expect([vectorOf(rig), rig.word(0), rig.state.dr[6]]).toEqual([DB, AT.CODE + 7, FIXED6 | BS]);
  });

  // [name, code after it, RIP in the frame, the conditions reported].
  it.each([
    ['a plain instruction', [NOP], AT.CODE + 7, 1n],
    ['one that meets another', STORE_ELSEWHERE(), AT.CODE + 11, 3n],
    ['INT n: at the first instruction of its handler', [0xcd, 0x30], AT.HANDLERS + 16 * 0x30, 1n],
    ['a fault: at the first instruction of its handler', [0x0f, 0x0b], AT.HANDLERS + 16 * UD, 1n],
  ] as const)('a data breakpoint that it meets waits for the end of the next instruction: %s', (_name, code, at, conditions) => {
    const rig = withDr(rigOf(...code), { 0: 0x1234, 1: 0x2234 }, enable(0, READ_WRITE) | enable(1, WRITE));
    rig.state.dr[6] = FIXED6 | 8n;
    rig.cpu.enterGuest();
    run(rig, 1);
    // DR6 is written when the exception is generated.
    expect([rip(rig), rig.state.dr[6]]).toEqual([AT.CODE + 6, FIXED6 | 8n]);
    expect([vectorOf(rig), rig.word(0), rig.state.dr[6]]).toEqual([DB, at, FIXED6 | conditions]);
  });
});

/** mov [2234H], eax */
function STORE_ELSEWHERE(): number[] {
  return [0xa3, ...d(0x2234)];
}

describe('order (vol. 3, "Prioritization of Concurrent Events")', () => {
  it('the trap of an instruction comes before the breakpoint on the next, each in an exception of its own', () => {
    const rig = stepping(withDr(withCode(protectedMode(), NOP, NOP, HLT), { 0: AT.CODE + 1 }, enable(0, EXECUTE)));
    rig.set64(AT.IDT + 8 * DB, gate(SEL.CODE0, 0x7000, 14));
    // The first time: count, keep DR6, clear TF in the image and go back; then halt.
    rig.code(0x7000, 0x41, 0x83, 0xf9, 2, 0x74, 0x0b, ...fromDr(6), 0x89, 0xc3, 0x80, 0x64, 0x24, 0x09, 0xfe, IRET, HLT);
    rig.cpu.enterGuest();
    expect(run(rig).reason).toBe('halted');
    expect([BigInt(reg(rig, 3)), rig.state.dr[6], rig.word(0), reg(rig, ECX)]).toEqual([FIXED6 | BS, FIXED6 | BS | 1n, AT.CODE + 1, 2]);
  });
});
