// Operand and address size prefixes in every mode (SDM vol. 1, "Operand-Size and Address-Size Attributes", "Operand Size and
// Address Size in 64-Bit Mode"; vol. 2, "Instruction Prefixes").

import { describe, expect, it } from 'vitest';
import { EAX, EBX, ECX, EDI, ESI, ESP, HLT, reg, rip, run, setReg } from './support.ts';
import { MODES, codeBase } from './every-mode.ts';
import { AT } from '../system/support.ts';
import type { Mode } from './every-mode.ts';

const PREFIXES: readonly (readonly [string, readonly number[]])[] = [
  ['no prefix', []],
  ['66H', [0x66]],
  ['67H', [0x67]],
  ['66H 67H', [0x66, 0x67]],
];
const CASES = MODES.flatMap((mode) => PREFIXES.map(([name, bytes]) => ({ title: `${mode.name}, ${name}`, mode, bytes })));

/** Sizes with the prefixes: 66H toggles 16 and 32 bits; 67H toggles 16 and 32, or 64 and 32. */
function sizes(mode: Mode, bytes: readonly number[]): { operand: 2 | 4; address: 2 | 4 | 8 } {
  const operand = bytes.includes(0x66) ? (mode.size === 2 ? 4 : 2) : mode.size;
  const address = !bytes.includes(0x67) ? mode.addressSize : mode.addressSize === 4 ? 2 : 4;
  return { operand, address };
}

describe.each(CASES)('$title', ({ mode, bytes }) => {
  const { operand, address } = sizes(mode, bytes);

  // rm = 111B is [BX] in 16-bit addressing and [(R|E)DI] otherwise.
  it('MOV: the width that is loaded, and the registers that address', () => {
    const rig = mode.make(...bytes, 0x8b, 0x07, HLT);
    rig.set32(0xb000, 0x11223344);
    rig.set32(0xc000, 0x55667788);
    setReg(rig, EAX, 0xaaaaaaaa);
    setReg(rig, EBX, 0x7777_b000);
    setReg(rig, EDI, 0xc000);
    // A 64-bit address has all of RDI; a 32-bit one drops its upper half.
    if (mode.addressSize === 8 && address === 4) rig.state.gpr[EDI] = 0x7777_0000_0000_c000n;
    run(rig, 1);
    const found = address === 2 ? 0x11223344 : 0x55667788;
    expect(reg(rig, EAX)).toBe(operand === 2 ? (0xaaaa0000 | (found & 0xffff)) >>> 0 : found);
  });

  it('the immediate has the operand size, the displacement the address size', () => {
    // mov r/m, imm through [disp]: modrm 06 is [disp16], 05 is [disp32] or [RIP + disp32].
    const disp = address === 2 ? [0x06, 0x00, 0xb0] : [0x05, 0x00, 0xb0, 0, 0];
    const imm = operand === 2 ? [0x34, 0x12] : [0x78, 0x56, 0x34, 0x12];
    const code = [...bytes, 0xc7, ...disp, ...imm];
    const rig = mode.make(...code, HLT);
    const at = mode.addressSize === 8 ? AT.CODE + code.length + 0xb000 : 0xb000;
    rig.set32(at, 0xeeeeeeee);
    run(rig, 1);
    expect(rig.get32(at)).toBe(operand === 2 ? 0xeeee1234 : 0x12345678);
    expect(rip(rig) + codeBase(mode)).toBe(AT.CODE + code.length);
  });

  // The stack's width is that of SS, or 64 bits; only the item has the operand size, which in 64-bit mode is 64 or 16 bits.
  it('PUSH', () => {
    const rig = mode.make(...bytes, 0x50, HLT);
    const before = rig.rsp;
    setReg(rig, EAX, 0x12345678);
    run(rig, 1);
    const item = mode.addressSize === 8 && operand === 4 ? 8 : operand;
    expect(before - rig.rsp).toBe(item);
    expect(rig.get16(rig.rsp)).toBe(0x5678);
    if (item !== 2) expect(rig.get32(rig.rsp)).toBe(0x12345678);
  });

  // SDM vol. 2, LODS and LOOP: SI, ESI or RSI, CX, ECX or RCX by the address size.
  it('LODS and LOOP count in registers of the address size', () => {
    const rig = mode.make(...bytes, 0xac, ...bytes, 0xe2, 0x00, HLT);
    const above = address === 8 ? 0n : address === 4 ? 0x5555_0000_0000n : 0x5555_0000n;
    const wide = (n: number): bigint => above + BigInt(n);
    const is64 = mode.addressSize === 8;
    rig.state.gpr[ESI] = is64 || address === 2 ? wide(0xb000) : 0xb000n;
    rig.state.gpr[ECX] = is64 || address === 2 ? wide(5) : 5n;
    run(rig, 2);
    // A 32-bit result in 64-bit mode clears the upper half.
    const after = (n: number): bigint => (address === 2 ? 0x5555_0000n + BigInt(n) : BigInt(n));
    expect([rig.state.gpr[ESI], rig.state.gpr[ECX]]).toEqual([after(0xb001), after(4)]);
  });

  // SDM vol. 2, JMP: with a 16-bit operand the upper half of EIP is cleared; 64-bit mode knows no such jump.
  it('a relative jump', () => {
    const near = operand === 2 && mode.addressSize !== 8;
    const rig = mode.make(...bytes, 0xe9, 0x10, 0x00, ...(near ? [] : [0, 0]), HLT);
    run(rig, 1);
    expect(rip(rig) + codeBase(mode)).toBe(AT.CODE + bytes.length + (near ? 3 : 5) + 0x10);
  });

  it('SP moves by two words for a call and its return', () => {
    const near = operand === 2 && mode.addressSize !== 8;
    const rig = mode.make(...bytes, 0xe8, 0x10, 0x00, ...(near ? [] : [0, 0]), HLT);
    const target = AT.CODE + bytes.length + (near ? 3 : 5) + 0x10;
    rig.code(target, ...bytes, 0xc3);
    const before = rig.rsp;
    run(rig, 1);
    expect(before - rig.rsp).toBe(mode.addressSize === 8 ? 8 : operand);
    run(rig, 1);
    expect([rig.rsp, rip(rig) + codeBase(mode), reg(rig, ESP) !== 0]).toEqual([before, target - 0x10, true]);
  });
});
