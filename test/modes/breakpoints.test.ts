// Breakpoints of the debug registers (SDM vol. 3, "Debug Registers", "Debug Exception (#DB)—Interrupt Vector 1").

import { describe, expect, it } from 'vitest';
import { IF, RF } from '../../src/cpu/arch/rflags.ts';
import { longMode, protectedMode } from '../system/support.ts';
import type { Rig } from '../system/support.ts';
import { AT, EAX, EBX, ECX, EDI, ESP, HLT, IRET, NOP, d, program, realHandler, realMode, reg, rip, run, setReg } from './support.ts';

const EXECUTE = 0;
const WRITE = 1;
const IO = 2;
const READ_WRITE = 3;
const LEN = { 1: 0, 2: 1, 8: 2, 4: 3 } as const;
const INC_EAX = 0x40;
/** Sets RF in the image of EFLAGS: or byte [esp+10], 1. */
const RESUME = [0x80, 0x4c, 0x24, 0x0a, 0x01];
/** mov [1234H], eax and mov eax, [1234H]. */
const STORE = [0xa3, ...d(0x1234)];
const LOAD = [0xa1, ...d(0x1234)];

/** Breakpoint `n` at `address`; G is set. */
function arm(rig: Rig, n: number, address: number, kind: number, length: 1 | 2 | 4 | 8 = 1): void {
  rig.state.dr[n] = BigInt.asUintN(64, BigInt(address));
  rig.state.dr[7] |= 0x400n | (2n << BigInt(2 * n)) | (BigInt(kind | (LEN[length] << 2)) << BigInt(16 + 4 * n));
}

/** Code at CODE; the handler of #DB halts unless it is given. */
function armed(bytes: number[], handler: number[] = [HLT]): Rig {
  const rig = protectedMode();
  rig.code(AT.CODE, ...bytes);
  rig.code(rig.handler(1), ...handler);
  return rig;
}

const hits = (rig: Rig): bigint => rig.state.dr[6]! & 15n;
const trapped = (rig: Rig): boolean => rip(rig) === rig.handler(1) + 1;

describe('instruction breakpoints', () => {
  // A fault: before the instruction. RF is pushed as it is; a handler that sets it in the image goes on past the breakpoint.
  it('come before the instruction, once', () => {
    const rig = armed([INC_EAX, INC_EAX, INC_EAX, HLT], [0x43, ...RESUME, IRET]);
    arm(rig, 2, AT.CODE + 1, EXECUTE);
    run(rig, 1);
    run(rig, 1);
    expect([rip(rig), reg(rig, EAX), reg(rig, EBX), rig.word(0), rig.word(2), hits(rig)]).toEqual([
      rig.handler(1) + 1,
      1,
      1,
      AT.CODE + 1,
      2,
      4n,
    ]);
    expect(run(rig)).toEqual({ retired: 5, reason: 'halted' });
    expect([rip(rig), reg(rig, EAX), reg(rig, EBX), rig.cpu.flags.read() & RF]).toEqual([AT.CODE + 4, 3, 1, 0]);
  });

  it('again each time round a loop, of one instruction too', () => {
    const rig = armed([0xe2, 0xfe, HLT], [0x43, ...RESUME, IRET]);
    setReg(rig, ECX, 3);
    arm(rig, 0, AT.CODE, EXECUTE);
    expect(run(rig).reason).toBe('halted');
    expect(reg(rig, EBX)).toBe(3);
  });

  it('once for all iterations of a repeated instruction', () => {
    const rig = armed([0xf3, 0xaa, HLT], [0x43, ...RESUME, IRET]);
    setReg(rig, ECX, 5);
    setReg(rig, EDI, 0xb000);
    arm(rig, 0, AT.CODE, EXECUTE);
    expect(run(rig).reason).toBe('halted');
    expect([reg(rig, EBX), reg(rig, ECX), rig.cpu.flags.read() & RF]).toEqual([1, 0, 0]);
  });

  it('match the linear address: 64-bit and real-address mode', () => {
    const long = longMode();
    long.code(AT.CODE, NOP, NOP);
    long.code(long.handler(1), HLT);
    arm(long, 0, AT.CODE + 1, EXECUTE);
    expect(run(long).reason).toBe('halted');
    expect([trapped(long), long.word(0)]).toEqual([true, AT.CODE + 1]);
    const real = realMode();
    program(real, 0x400, 0x10, NOP, NOP);
    arm(real, 0, 0x4011, EXECUTE);
    expect(run(real).reason).toBe('halted');
    expect(rip(real)).toBe(realHandler(1) + 1);
  });
});

describe('data breakpoints', () => {
  // A trap: after the instruction. The ranges are those of LEN, aligned.
  it.each([
    ['a write', STORE, 0x1234, WRITE, 4, true],
    ['a read of a watched write', LOAD, 0x1234, WRITE, 4, false],
    ['a read', LOAD, 0x1234, READ_WRITE, 4, true],
    ['a write, read or write', STORE, 0x1234, READ_WRITE, 1, true],
    ['its last byte', STORE, 0x1237, WRITE, 1, true],
    ['the byte after', STORE, 0x1238, WRITE, 1, false],
    ['a range that begins before', STORE, 0x1230, WRITE, 8, true],
    ['an unaligned address counts as aligned', STORE, 0x1237, WRITE, 4, true],
    ['a range that ends before', STORE, 0x1230, WRITE, 4, false],
    ['fetching is no access', [NOP], AT.CODE, READ_WRITE, 4, false],
  ] as const)('%s', (_name, bytes, address, kind, length, expected) => {
    const rig = armed([...bytes, NOP, HLT]);
    arm(rig, 1, address, kind, length);
    expect(run(rig).reason).toBe('halted');
    expect([trapped(rig), hits(rig)]).toEqual([expected, expected ? 2n : 0n]);
    if (expected) expect([rig.word(0), rig.word(2)]).toEqual([AT.CODE + bytes.length, 2]);
  });

  it('pushes, and the frame of an interrupt', () => {
    const rig = armed([0x50, NOP]);
    arm(rig, 0, AT.STACK0 - 4, WRITE, 4);
    expect(run(rig).reason).toBe('halted');
    expect([trapped(rig), rig.word(0)]).toEqual([true, AT.CODE + 1]);
    const interrupted = armed([NOP, NOP]);
    arm(interrupted, 0, AT.STACK0 - 4, WRITE, 4);
    interrupted.cpu.flags.write(IF);
    interrupted.host.pending = 0x21;
    expect(run(interrupted).reason).toBe('halted');
    expect([trapped(interrupted), interrupted.word(0)]).toEqual([true, interrupted.handler(0x21)]);
  });

  it('an access that faults is none', () => {
    const rig = armed(STORE);
    rig.state.segLimit[3] = 0x1235;
    rig.code(rig.handler(13), HLT);
    arm(rig, 0, 0x1234, WRITE, 4);
    rig.cpu.enterGuest();
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), hits(rig)]).toEqual([rig.handler(13) + 1, 0n]);
  });

  it('64-bit mode: the whole linear address', () => {
    const rig = longMode();
    rig.code(AT.CODE, 0x48, 0x89, 0x18, NOP);
    rig.code(rig.handler(1), HLT);
    const high = -0x8000000000 + 0xb000;
    rig.state.gpr[EAX] = BigInt.asUintN(64, BigInt(high));
    arm(rig, 3, high, WRITE, 8);
    expect(run(rig).reason).toBe('halted');
    expect([trapped(rig), hits(rig)]).toEqual([true, 8n]);
  });

  it('not enabled, or switched off by MOV DR7', () => {
    const rig = armed([0x31, 0xc0, 0x0f, 0x23, 0xf8, ...STORE, HLT]);
    arm(rig, 0, 0x1234, WRITE, 4);
    expect(run(rig)).toEqual({ retired: 4, reason: 'halted' });
    expect([trapped(rig), hits(rig), rig.cpu.breakpoints]).toEqual([false, 0n, false]);
  });

  it('switched on by MOV DR7', () => {
    const rig = armed([0x0f, 0x23, 0xf8, ...STORE, HLT]);
    rig.state.dr[0] = 0x1234n;
    setReg(rig, EAX, 0x000d0002);
    expect(run(rig).reason).toBe('halted');
    expect([trapped(rig), hits(rig), reg(rig, ESP)]).toEqual([true, 1n, AT.STACK0 - 12]);
  });
});

describe('I/O breakpoints', () => {
  it.each([
    [true, true],
    [false, false],
  ])('with CR4.DE = %s', (de, expected) => {
    const rig = armed([0xe6, 0x80, HLT]);
    rig.host.ports.set(0x80, 0);
    rig.state.cr4[0] = de ? 8n : 0n;
    arm(rig, 0, 0x80, IO);
    expect(run(rig).reason).toBe('halted');
    expect([trapped(rig), rig.host.written.length]).toEqual([expected, 1]);
  });
});
