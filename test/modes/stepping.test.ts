// TF and the debug registers in every mode (SDM vol. 3, "Single-Step Exception Condition", "Debug Registers").

import { describe, expect, it } from 'vitest';
import { RF, TF, VM } from '../../src/cpu/arch/rflags.ts';
import { gate } from '../system/support.ts';
import type { Rig } from '../system/support.ts';
import { AT, ECX, EDI, HLT, NOP, SEL, reg, rip, run, setReg } from './support.ts';
import { CODE16, MODES, codeBase, interruptFrame } from './every-mode.ts';
import type { Mode } from './every-mode.ts';

const BS = 0x4000n;

function stepping(mode: Mode, ...code: number[]): Rig {
  const rig = mode.make(...code);
  rig.cpu.flags.write(rig.cpu.flags.read() | TF);
  return rig;
}

describe.each(MODES.map((mode) => ({ title: mode.name, mode })))('$title', ({ mode }) => {
  const at = AT.CODE - codeBase(mode);

  // A trap: after the instruction, with TF in the image and clear in the handler; RF as it was.
  it('TF traps after one instruction', () => {
    const rig = stepping(mode, 0x90, 0x90, HLT);
    expect(run(rig).reason).toBe('halted');
    const [ip, , flags] = interruptFrame(rig, mode);
    expect([rip(rig), ip, flags! & (TF | RF), rig.cpu.flags.read() & (TF | VM)]).toEqual([rig.handler(1) + 1, at + 1, TF, 0]);
    expect(rig.state.dr[6]! & BS).toBe(BS);
  });

  it('TF traps after each iteration of REP', () => {
    const rig = stepping(mode, 0xf3, 0xaa, HLT);
    rig.state.gpr[ECX] = 3n;
    rig.state.gpr[EDI] = 0xb000n;
    expect(run(rig).reason).toBe('halted');
    const [ip, , flags] = interruptFrame(rig, mode);
    expect([ip, reg(rig, ECX)]).toEqual([at, 2]);
    // SDM vol. 3, "Instruction-Breakpoint Exception Condition": a trap of any iteration but the last has RF in its image.
    if (mode.frameWord !== 2) expect(flags! & RF).toBe(RF);
  });

  it('the trap of the last iteration has RF clear, and so has an interrupt after the instruction', () => {
    const rig = stepping(mode, 0xf3, 0xaa, HLT);
    rig.state.gpr[ECX] = 1n;
    rig.state.gpr[EDI] = 0xb000n;
    expect(run(rig).reason).toBe('halted');
    const [ip, , flags] = interruptFrame(rig, mode);
    expect([ip, reg(rig, ECX), flags! & RF]).toEqual([at + 2, 0, 0]);
  });

  it('a fault comes in place of the trap, and its image has TF', () => {
    const rig = stepping(mode, 0x0f, 0x0b);
    expect(run(rig).reason).toBe('halted');
    const [ip, , flags] = interruptFrame(rig, mode);
    expect([rip(rig), ip, flags! & TF, rig.state.dr[6]! & BS]).toEqual([rig.handler(6) + 1, at, TF, 0n]);
    // RF is bit 16: an image of a word has none.
    if (mode.frameWord !== 2) expect(flags! & RF).toBe(RF);
  });

  it('INT n clears TF: its handler is entered without a trap', () => {
    const rig = stepping(mode, 0xcd, 0x30);
    if (mode.name === 'virtual-8086 mode') rig.set64(AT.IDT + 8 * 0x30, gate(SEL.CODE0, rig.handler(0x30), 14, { dpl: 3 }));
    if (mode.name === '16-bit protected mode') rig.set64(AT.IDT + 8 * 0x30, gate(CODE16, rig.handler(0x30), 6));
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), interruptFrame(rig, mode)[0]]).toEqual([rig.handler(0x30) + 1, at + 2]);
  });

  it('an instruction breakpoint is at a linear address', () => {
    const rig = mode.make(NOP, NOP, NOP, HLT);
    rig.state.dr[0] = BigInt(AT.CODE + 2);
    rig.state.dr[7] = 0x401n;
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), interruptFrame(rig, mode)[0], rig.state.dr[6]! & 15n]).toEqual([rig.handler(1) + 1, at + 2, 1n]);
  });

  it('a data breakpoint is at a linear address', () => {
    const rig = mode.make(0xaa, NOP, HLT);
    setReg(rig, EDI, 0xb000);
    rig.state.dr[3] = 0xb000n;
    rig.state.dr[7] = 0x10000440n;
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), interruptFrame(rig, mode)[0], rig.state.dr[6]! & 15n]).toEqual([rig.handler(1) + 1, at + 1, 8n]);
  });
});
