// Programs in real-address mode (SDM vol. 3, "Real-Address Mode Operation").

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { CF, IF, TF } from '../../src/cpu/arch/rflags.ts';
import {
  AT,
  EAX,
  EBX,
  EBP,
  ECX,
  EDI,
  ESI,
  ESP,
  HLT,
  IRET,
  NOP,
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

describe('addresses', () => {
  // SDM vol. 1, "Segment Addressing": BP makes SS the default; sums wrap at 64 KiB within the segment.
  it.each([
    ['[bx+si] wraps', [0x8b, 0x00], 0x1_0000 + 0x10],
    ['[bp+di] is in SS', [0x8b, 0x03], 0x3_0000 + 0x8020],
    ['es: [bx]', [0x26, 0x8b, 0x07], 0x2_0000 + 0xfff0],
    ['[disp16]', [0x8b, 0x06, ...w(0x1234)], 0x1_0000 + 0x1234],
    ['[bp+disp8]', [0x8b, 0x46, 0xfe], 0x3_0000 + 0x7ffe],
    ['a32 [ebp*2+disp32]', [0x67, 0x8b, 0x04, 0x6d, ...d(0x20)], 0x1_0000 + 0x20 + 0x1_0000 - 0x1_0000],
  ])('%s', (_name, bytes, at) => {
    const rig = realMode();
    setReg(rig, EBX, 0xfff0);
    setReg(rig, ESI, 0x20);
    setReg(rig, EBP, bytes[0] === 0x67 ? 0 : 0x8000);
    setReg(rig, EDI, 0x20);
    rig.set16(at, 0xbeef);
    program(rig, 0, AT.CODE, ...bytes, HLT);
    expect(run(rig)).toEqual({ retired: 2, reason: 'halted' });
    expect(reg(rig, EAX) & 0xffff).toBe(0xbeef);
  });

  // SDM vol. 3, "Limit Checking": a word at FFFFH, and a 32-bit address beyond the limit: #GP; through SS: #SS.
  it.each([
    ['a word at FFFFH', [0xa1, ...w(0xffff)], 13],
    ['a doubleword at FFFDH', [0x66, 0xa1, ...w(0xfffd)], 13],
    ['a32 beyond 64 KiB', [0x67, 0xa1, ...d(0x10000)], 13],
    ['a word of SS at FFFFH', [0x36, 0xa1, ...w(0xffff)], 12],
    ['lods at FFFFH', [0xbe, ...w(0xffff), 0xad], 13],
  ])('%s faults, without an error code', (_name, bytes, vector) => {
    const rig = realMode();
    program(rig, 0, AT.CODE, ...bytes, HLT);
    expect(run(rig).reason).toBe('halted');
    expect(rip(rig)).toBe(realHandler(vector) + 1);
    expect(stack16(rig, 3)).toEqual([AT.CODE + bytes.length - (bytes[0] === 0xbe ? 1 : bytes.length), 0, 2]);
  });

  // SDM vol. 3, "Real-Address Mode Operation": all segments can be read and written, CS too.
  it('writes through CS', () => {
    const rig = realMode();
    setReg(rig, EAX, 0x77);
    program(rig, 0x400, 0x10, 0x2e, 0xa2, ...w(0x20), HLT);
    expect(run(rig).reason).toBe('halted');
    expect(rig.get8(0x4020)).toBe(0x77);
  });

  // Boot loaders come back to real-address mode by such segments; the bit that says "conforming" is "expand down" in data segments.
  it.each([
    ['conforming', 0x9f],
    ['execute-only', 0x99],
    ['execute-only conforming', 0x9d],
  ])('reads and writes a %s code segment that protected mode left in CS', (_name, attributes) => {
    const rig = realMode();
    setReg(rig, EAX, 0x77);
    rig.state.segAttributes[Seg.CS] = attributes;
    program(rig, 0x400, 0x10, 0x2e, 0xa2, ...w(0x20), 0x2e, 0x8a, 0x1e, ...w(0x20), HLT);
    expect(run(rig)).toEqual({ retired: 3, reason: 'halted' });
    expect([rig.get8(0x4020), reg(rig, EBX)]).toEqual([0x77, 0x77]);
  });

  it('MOVS and STOS wrap SI and DI', () => {
    const rig = realMode();
    rig.set32(0x1_fffe, 0);
    rig.set16(0x1_fffe, 0x1122);
    rig.set16(0x1_0000, 0x3344);
    setReg(rig, ESI, 0xabcd_fffe);
    setReg(rig, EDI, 0xfffe);
    setReg(rig, ECX, 0x1_0002);
    program(rig, 0, AT.CODE, 0xf3, 0xa5, HLT);
    expect(run(rig)).toEqual({ retired: 3, reason: 'halted' });
    expect([rig.get16(0x2_fffe), rig.get16(0x2_0000)]).toEqual([0x1122, 0x3344]);
    expect([reg(rig, ESI), reg(rig, EDI), reg(rig, ECX)]).toEqual([0xabcd_0002, 2, 0x1_0000]);
  });
});

describe('the instruction pointer', () => {
  // SDM vol. 3, "Limit Checking": each byte of an instruction must lie within CS.
  it.each([
    ['after the last byte', 0xfffe, [NOP, NOP], 0x1_0000 & 0xffff, 2],
    ['across the limit', 0xfffd, [NOP, NOP, 0xb0, 0x11], 0xffff, 2],
    ['across the limit as a first instruction', 0xffff, [0xb0, 0x11], 0xffff, 0],
  ])('#GP %s', (_name, ip, bytes, pushed, before) => {
    const rig = realMode();
    program(rig, 0x1000, ip, ...bytes);
    expect(run(rig)).toEqual({ retired: before + 2, reason: 'halted' });
    expect(rip(rig)).toBe(realHandler(13) + 1);
    expect([...stack16(rig, 2), reg(rig, EAX)]).toEqual([pushed, 0x1000, 0]);
  });

  it('a limit in the middle of straight-line code', () => {
    const rig = realMode();
    rig.state.segLimit[Seg.CS] = AT.CODE + 3;
    program(rig, 0, AT.CODE, 0xfe, 0xc0, 0xfe, 0xc0, 0xfe, 0xc0);
    // The handler is beyond the limit itself: #GP again and again until the limit of instructions.
    expect(run(rig, 4).reason).toBe('limit');
    expect(reg(rig, EAX)).toBe(2);
  });

  it('jumps and calls with a 16-bit operand wrap; with a 32-bit one beyond the limit they fault', () => {
    const rig = realMode();
    program(rig, 0x1000, 0xfffe, 0xeb, 0x10);
    rig.code(0x1_0010, 0xe8, ...w(0x20 - 0x13), HLT);
    rig.code(0x1_0020, 0x66, 0xe9, ...d(0x1_0000));
    expect(run(rig)).toEqual({ retired: 4, reason: 'halted' });
    expect([rip(rig), ...stack16(rig, 4)]).toEqual([realHandler(13) + 1, 0x20, 0x1000, 2, 0x13]);
  });
});

describe('the stack', () => {
  it('SP wraps from 0 to FFFEH and leaves the upper half of ESP', () => {
    const rig = realMode();
    setReg(rig, ESP, 0x5555_0000);
    setReg(rig, EAX, 0x1234);
    program(rig, 0, AT.CODE, 0x50, 0x5b, HLT);
    run(rig, 1);
    expect([reg(rig, ESP), rig.get16(0x3_fffe)]).toEqual([0x5555_fffe, 0x1234]);
    run(rig);
    expect([reg(rig, ESP), reg(rig, EBX)]).toEqual([0x5555_0000, 0x1234]);
  });

  // SDM vol. 2, PUSH, "IA-32 Architecture Compatibility": no room is #SS; delivering that has no room either, and so on to shutdown.
  it('a push at SP = 1 is #SS, and there is no stack to deliver it on', () => {
    const rig = realMode();
    setReg(rig, ESP, 1);
    program(rig, 0, AT.CODE, 0x50);
    expect(run(rig).reason).toBe('shutdown');
    expect(rig.cpu.exceptionChain[0]!.vector).toBe(12);
  });

  it('PUSHA, POPA, ENTER, LEAVE, PUSH imm and 66H pushes', () => {
    const rig = realMode();
    setReg(rig, EAX, 0xaaaa_1111);
    setReg(rig, EBP, 0x2222);
    program(rig, 0, AT.CODE, 0x60, 0x61, 0xc8, ...w(4), 0, 0xc9, 0x66, 0x50, 0x6a, 0xff, HLT);
    expect(run(rig).reason).toBe('halted');
    expect([reg(rig, ESP), ...stack16(rig, 3), reg(rig, EBP)]).toEqual([0x1000 - 6, 0xffff, 0x1111, 0xaaaa, 0x2222]);
  });

  it('PUSHF and POPF in words keep what is above', () => {
    const rig = realMode();
    rig.cpu.flags.write(1 << 21);
    program(rig, 0, AT.CODE, 0x68, ...w(0x3000 | IF | CF), 0x9d, 0x9c, HLT);
    expect(run(rig).reason).toBe('halted');
    expect(stack16(rig, 1)).toEqual([0x3000 | IF | CF | 2]);
    expect(rig.cpu.flags.read()).toBe((1 << 21) | 0x3000 | IF | CF | 2);
  });
});

describe('far transfers and interrupts', () => {
  it('CALL far and RETF n', () => {
    const rig = realMode();
    program(rig, 0, AT.CODE, 0x68, ...w(0x77), 0x9a, ...w(0x10), ...w(0x900), HLT);
    rig.code(0x9010, 0xca, ...w(2));
    expect(run(rig)).toEqual({ retired: 4, reason: 'halted' });
    expect([rip(rig), rig.selector(Seg.CS), reg(rig, ESP)]).toEqual([AT.CODE + 9, 0, 0x1000]);
  });

  it('JMP far through memory loads the base from the selector', () => {
    const rig = realMode();
    rig.set32(0x1_0040, 0x0900_0010);
    rig.code(0x9010, HLT);
    program(rig, 0, AT.CODE, 0xff, 0x2e, ...w(0x40));
    expect(run(rig)).toEqual({ retired: 2, reason: 'halted' });
    expect([rip(rig), rig.selector(Seg.CS), rig.state.segBase[Seg.CS]]).toEqual([0x11, 0x900, 0x9000n]);
  });

  // SDM vol. 2, INT n, REAL-ADDRESS-MODE: IF, TF and AC are cleared, the image has them as they were.
  it('INT n through the interrupt vector table, and back by IRET', () => {
    const rig = realMode();
    rig.set32(4 * 0x21, 0x0900_0010);
    rig.code(0x9010, IRET);
    program(rig, 0, AT.CODE, 0xfb, NOP, 0xf9, 0xcd, 0x21, HLT);
    run(rig, 4);
    expect(stack16(rig, 3)).toEqual([AT.CODE + 5, 0, IF | CF | 2]);
    expect([rip(rig), rig.selector(Seg.CS), rig.cpu.flags.read() & (IF | TF)]).toEqual([0x10, 0x900, 0]);
    expect(run(rig)).toEqual({ retired: 2, reason: 'halted' });
    expect([rip(rig), reg(rig, ESP), rig.cpu.flags.read()]).toEqual([AT.CODE + 6, 0x1000, IF | CF | 2]);
  });

  it('external interrupts, faults and single steps', () => {
    const rig = realMode();
    rig.cpu.flags.write(IF);
    rig.code(realHandler(0x20), IRET);
    program(rig, 0, AT.CODE, NOP, 0xf7, 0xf1, HLT);
    rig.host.pending = 0x20;
    expect(run(rig)).toEqual({ retired: 4, reason: 'halted' });
    // A fault leaves RF clear in an image of words, and returns to the instruction.
    expect([rip(rig), ...stack16(rig, 3)]).toEqual([realHandler(0) + 1, AT.CODE + 1, 0, IF | 2]);
    const stepped = realMode();
    stepped.cpu.flags.write(TF);
    program(stepped, 0, AT.CODE, NOP, NOP);
    expect(run(stepped).reason).toBe('halted');
    expect([rip(stepped), ...stack16(stepped, 3)]).toEqual([realHandler(1) + 1, AT.CODE + 1, 0, TF | 2]);
  });

  it('beyond the limit of the table: shutdown', () => {
    const rig = realMode();
    rig.state.idtrLimit[0] = 7;
    program(rig, 0, AT.CODE, 0xcd, 0x21);
    expect(run(rig).reason).toBe('shutdown');
  });

  // SDM vol. 2: LLDT, LTR, SLDT, STR, LAR, LSL, VERR and ARPL are not recognised in real-address mode.
  it.each([
    [0x0f, 0x00, 0xd0],
    [0x0f, 0x00, 0xd8],
    [0x0f, 0x00, 0xc0],
    [0x0f, 0x02, 0xc0],
    [0x63, 0xc0],
  ])('%i %i %i is #UD', (...bytes) => {
    const rig = realMode();
    program(rig, 0, AT.CODE, ...bytes, HLT);
    expect(run(rig).reason).toBe('halted');
    expect(rip(rig)).toBe(realHandler(6) + 1);
  });
});

describe('16-bit loops', () => {
  it('LOOP and JCXZ count in CX', () => {
    const rig = realMode();
    setReg(rig, ECX, 0x7_0003);
    program(rig, 0, AT.CODE, 0x40, 0xe2, 0xfd, 0xe3, 0x01, NOP, HLT);
    expect(run(rig)).toEqual({ retired: 8, reason: 'halted' });
    expect([reg(rig, EAX), reg(rig, ECX)]).toEqual([3, 0x7_0000]);
  });
});
