// Corners of real-address mode (SDM vol. 3, "8086 Emulation"; vol. 2, the sections on real-address mode of each instruction).

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { AC, CF, ID, IF, IOPL_SHIFT, NT, RF, VIF, VIP, VM } from '../../src/cpu/arch/rflags.ts';
import {
  AT,
  EAX,
  EBX,
  ECX,
  EDX,
  EDI,
  ESI,
  ESP,
  HLT,
  IRET,
  SEL16,
  d,
  program,
  realHandler,
  realMode,
  reg,
  rip,
  run,
  setReg,
  stack16,
  w,
} from './support.ts';

const IOPL3 = 3 << IOPL_SHIFT;

describe('interrupts', () => {
  // SDM vol. 2, INT n, REAL-ADDRESS-MODE: IF, TF and AC become 0; nothing is said of NT, which protected mode alone clears.
  it('leave NT and IOPL as they are', () => {
    const rig = realMode();
    rig.cpu.flags.write(NT | IOPL3 | IF | AC | CF);
    program(rig, 0, AT.CODE, 0xcd, 0x21);
    run(rig, 1);
    expect(rig.cpu.flags.read()).toBe(NT | IOPL3 | CF | 2);
    expect(stack16(rig, 3)).toEqual([AT.CODE + 2, 0, NT | IOPL3 | IF | CF | 2]);
  });

  // SDM vol. 3, "Real-Address Mode Operation", IDTR: the table may lie anywhere and have any limit.
  it('the vector table moves with IDTR', () => {
    const rig = realMode();
    rig.state.idtrBase[0] = 0xb000n;
    rig.state.idtrLimit[0] = 4 * 0x22 - 1;
    rig.set32(0xb000 + 4 * 0x21, 0x0900_0010);
    program(rig, 0, AT.CODE, 0xcd, 0x21);
    run(rig, 1);
    expect([rip(rig), rig.selector(Seg.CS)]).toEqual([0x10, 0x900]);
  });

  it('a vector beyond the limit of the table is #GP through the table, without an error code', () => {
    const rig = realMode();
    rig.state.idtrLimit[0] = 4 * 0x20 - 1;
    program(rig, 0, AT.CODE, 0xcd, 0x21);
    run(rig, 1);
    expect([rip(rig), ...stack16(rig, 3)]).toEqual([realHandler(13), AT.CODE, 0, 2]);
  });

  it('six bytes are pushed whatever the operand size, and SP wraps between them', () => {
    const rig = realMode();
    setReg(rig, ESP, 0x7777_0002);
    program(rig, 0, AT.CODE, 0x66, 0xcd, 0x21);
    run(rig, 1);
    expect([reg(rig, ESP), rig.get16(0x3_0000), rig.get16(0x3_fffe), rig.get16(0x3_fffc)]).toEqual([0x7777_fffc, 2, 0, AT.CODE + 3]);
  });

  // No room for a word: #SS, whose delivery has no room either, and so on.
  it.each([1, 3, 5])('SP = %i: shutdown', (sp) => {
    const rig = realMode();
    setReg(rig, ESP, sp);
    program(rig, 0, AT.CODE, 0xcd, 0x21);
    expect(run(rig).reason).toBe('shutdown');
  });

  it.each([
    ['INT3', [0xcc], 3],
    ['INTO with OF', [0xce], 4],
    ['INT1', [0xf1], 1],
    ['BOUND out of range', [0x62, 0x06, 0x00, 0x20], 5],
    ['AAM 0', [0xd4, 0], 0],
    ['DIV by 0', [0xf6, 0xf1], 0],
    ['UD2', [0x0f, 0x0b], 6],
  ] as const)('%s comes by vector %i', (name, bytes, vector) => {
    const rig = realMode();
    rig.cpu.flags.write(0x800);
    setReg(rig, EAX, 7);
    program(rig, 0, AT.CODE, ...bytes);
    run(rig, 1);
    const after = name.startsWith('INT') ? bytes.length : 0;
    expect([rip(rig), stack16(rig, 1)[0]]).toEqual([realHandler(vector), AT.CODE + after]);
  });
});

describe('IRET and POPF', () => {
  // SDM vol. 2, IRET, REAL-ADDRESS-MODE: of a doubleword VM, VIF and VIP stay; RF is taken.
  it('IRETD', () => {
    const rig = realMode();
    setReg(rig, ESP, 0x800);
    [0x20, 0x900, VM | VIF | VIP | AC | ID | RF | IOPL3 | NT | CF].forEach((word, n) => rig.set32(0x3_0800 + 4 * n, word));
    rig.code(0x9020, HLT);
    program(rig, 0, AT.CODE, 0x66, IRET);
    rig.cpu.enterGuest();
    run(rig, 1);
    expect([rip(rig), rig.selector(Seg.CS), reg(rig, ESP)]).toEqual([0x20, 0x900, 0x80c]);
    expect(rig.cpu.flags.read()).toBe(AC | ID | RF | IOPL3 | NT | CF | 2);
  });

  it('IRETD to an EIP above 64 KiB is #GP, and nothing was popped', () => {
    const rig = realMode();
    setReg(rig, ESP, 0x800);
    [0x1_0020, 0x900, 2].forEach((word, n) => rig.set32(0x3_0800 + 4 * n, word));
    program(rig, 0, AT.CODE, 0x66, IRET);
    run(rig, 1);
    expect([rip(rig), reg(rig, ESP), stack16(rig, 1)[0]]).toEqual([realHandler(13), 0x7fa, AT.CODE]);
  });

  // SDM vol. 2, POPF: RF is cleared, VM, VIF and VIP stay.
  it('POPFD', () => {
    const rig = realMode();
    program(rig, 0, AT.CODE, 0x66, 0x68, ...d(VM | VIF | VIP | RF | AC | ID | IF | CF), 0x66, 0x9d, HLT);
    run(rig, 2);
    expect(rig.cpu.flags.read()).toBe(AC | ID | IF | CF | 2);
  });

  it('IRET with NT set is an ordinary return', () => {
    const rig = realMode();
    rig.cpu.flags.write(NT);
    program(rig, 0, AT.CODE, 0x68, ...w(0), 0x68, ...w(0x900), 0x68, ...w(0x20), IRET);
    run(rig, 4);
    expect([rip(rig), rig.selector(Seg.CS), rig.cpu.flags.read()]).toEqual([0x20, 0x900, 2]);
  });
});

describe('what ends at 64 KiB', () => {
  it.each([
    ['XLAT wraps BX + AL', [0xd7], 0x1_0001],
    ['XLAT with an override', [0x26, 0xd7], 0x2_0001],
    ['a32 XLAT of a small EBX', [0x67, 0xd7], null],
  ] as const)('%s', (name, bytes, at) => {
    const rig = realMode();
    setReg(rig, EBX, name.startsWith('a32') ? 0x10 : 0xffff);
    setReg(rig, EAX, name.startsWith('a32') ? 0x20 : 0x02);
    rig.code(at ?? 0x1_0030, 0x5a);
    program(rig, 0, AT.CODE, ...bytes, HLT);
    run(rig, 1);
    expect(reg(rig, EAX) & 0xff).toBe(0x5a);
  });

  // A far pointer, a pair of bounds and a pseudo-descriptor are several accesses: each may wrap to 0 between them, none may cross.
  it.each([
    ['LES at FFFEH takes the selector from 0', [0xc4, 0x0e, ...w(0xfffe)], null],
    ['LES at FFFDH', [0xc4, 0x0e, ...w(0xfffd)], 13],
    ['LES at FFFFH', [0xc4, 0x0e, ...w(0xffff)], 13],
    ['JMP far at FFFFH', [0xff, 0x2e, ...w(0xffff)], 13],
    ['LGDT at FFFDH', [0x0f, 0x01, 0x16, ...w(0xfffd)], 13],
    ['MOVS of a word from FFFFH', [0xbe, ...w(0xffff), 0xa5], 13],
    ['PUSH of a word at FFFFH', [0xff, 0x36, ...w(0xffff)], 13],
    ['POP to a word at FFFFH', [0x8f, 0x06, ...w(0xffff)], 13],
    ['XCHG with a word at FFFFH', [0x87, 0x06, ...w(0xffff)], 13],
  ] as const)('%s', (_name, bytes, vector) => {
    const rig = realMode();
    program(rig, 0, AT.CODE, ...bytes, HLT);
    expect(run(rig).reason).toBe('halted');
    expect(rip(rig)).toBe(vector === null ? AT.CODE + bytes.length + 1 : realHandler(vector) + 1);
  });

  it('a POP whose word crosses the top of the stack segment is #SS', () => {
    const rig = realMode();
    setReg(rig, ESP, 0xffff);
    program(rig, 0, AT.CODE, 0x58, HLT);
    run(rig, 1);
    expect([rip(rig), reg(rig, ESP)]).toEqual([realHandler(12), 0xfff9]);
  });

  // docs/notes/modes.md: #SS, as for any push without room, where the SDM's list for PUSHA names #GP.
  it('PUSHA that wraps in the middle of a word', () => {
    const rig = realMode();
    setReg(rig, ESP, 7);
    program(rig, 0, AT.CODE, 0x60, HLT);
    run(rig, 1);
    expect([rip(rig), reg(rig, ESP), stack16(rig, 1)[0]]).toEqual([realHandler(12), 1, AT.CODE]);
  });

  it('REP MOVS that faults half way keeps what it did', () => {
    const rig = realMode();
    setReg(rig, ESI, 0xfffb);
    setReg(rig, EDI, 0);
    setReg(rig, ECX, 5);
    program(rig, 0, AT.CODE, 0xf3, 0xa5, HLT);
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), reg(rig, ESI), reg(rig, EDI), reg(rig, ECX)]).toEqual([realHandler(13) + 1, 0xffff, 4, 3]);
  });

  // SDM vol. 3, "Real-Address Mode Operation": FFFF:FFFF is linear 10FFEFH.
  it('addresses above 1 MiB', () => {
    const rig = realMode();
    rig.code(0x10_ffef, 0x99);
    program(rig, 0, AT.CODE, 0xb8, ...w(0xffff), 0x8e, 0xd8, 0xa0, ...w(0xffff), HLT);
    expect(run(rig).reason).toBe('halted');
    expect(reg(rig, EAX) & 0xff).toBe(0x99);
  });
});

describe('protected mode from real-address mode', () => {
  // SDM vol. 3, "Switching to Protected Mode": until CS is loaded the old base, limit and size of code stay.
  it('runs on in 16-bit code after PE is set, and segment loads use descriptors', () => {
    const rig = realMode();
    program(rig, 0x400, 0x10, 0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0, 0xb8, ...w(SEL16.DATA), 0x8e, 0xd8, 0xba, ...w(0x1234), HLT);
    expect(run(rig).reason).toBe('halted');
    expect([rig.selector(Seg.CS), rig.state.segBase[Seg.CS], reg(rig, EDX) & 0xffff, rig.state.segBase[Seg.DS]]).toEqual([
      0x400,
      0x4000n,
      0x1234,
      0n,
    ]);
  });

  it('LMSW sets PE, and cannot clear it', () => {
    const rig = realMode();
    program(rig, 0, AT.CODE, 0xb8, 1, 0, 0x0f, 0x01, 0xf0, 0x31, 0xc0, 0x0f, 0x01, 0xf0, HLT);
    expect(run(rig).reason).toBe('halted');
    expect(rig.state.cr0[0]! & 1n).toBe(1n);
  });

  // The same, "Switching Back to Real-Address Mode": a stack segment of 32 bits stays one.
  it('unreal mode: a stack with B = 1 has ESP', () => {
    const rig = realMode();
    rig.state.segAttributes[Seg.SS]! |= 1 << 14;
    rig.state.segLimit[Seg.SS] = 0xffffffff;
    setReg(rig, ESP, 0x2_0000);
    setReg(rig, EAX, 0x4321);
    program(rig, 0, AT.CODE, 0x50, HLT);
    rig.cpu.enterGuest();
    run(rig, 1);
    expect([reg(rig, ESP), rig.get16(0x4_fffe)]).toEqual([0x1_fffe, 0x4321]);
  });
});

describe('what is not recognised is #UD before its operand is looked at', () => {
  // SDM vol. 2: LAR, LSL, VERR, VERW, ARPL, SLDT, STR, LLDT and LTR, each with an operand across 64 KiB.
  it.each([
    ['SLDT', [0x0f, 0x00, 0x06]],
    ['STR', [0x0f, 0x00, 0x0e]],
    ['LLDT', [0x0f, 0x00, 0x16]],
    ['LTR', [0x0f, 0x00, 0x1e]],
    ['VERR', [0x0f, 0x00, 0x26]],
    ['VERW', [0x0f, 0x00, 0x2e]],
    ['LAR', [0x0f, 0x02, 0x06]],
    ['LSL', [0x0f, 0x03, 0x06]],
    ['ARPL', [0x63, 0x06]],
  ])('%s', (_name, bytes) => {
    const rig = realMode();
    program(rig, 0, AT.CODE, ...bytes, ...w(0xffff));
    run(rig, 1);
    expect(rip(rig)).toBe(realHandler(6));
  });
});
