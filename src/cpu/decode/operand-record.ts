// One maker for all operands, so that they have one shape.

import type { Address, Operand, Size } from '../builder/operand.ts';
import { OperandKind } from '../builder/operand.ts';
import { NO_ADDRESS } from './modrm.ts';

export function makeOperand(kind: OperandKind, size: Size, reg: number, imm: number, imm64: bigint, address: Address): Operand {
  return { kind, size, reg, imm, imm64, address };
}

export const NO_OPERAND: Operand = makeOperand(OperandKind.NONE, 1, 0, 0, 0n, NO_ADDRESS);

export const register = (size: Size, reg: number): Operand => makeOperand(OperandKind.REG, size, reg, 0, 0n, NO_ADDRESS);

/** A byte register as ModRM or the opcode encodes it: 4 to 7 are AH CH DH BH unless there is a REX prefix. */
export const byteRegister = (reg: number, rex: number): Operand =>
  rex === 0 && reg >= 4 ? makeOperand(OperandKind.REG_HIGH, 1, reg - 4, 0, 0n, NO_ADDRESS) : register(1, reg);

export const memory = (size: Size, address: Address): Operand => makeOperand(OperandKind.MEM, size, 0, 0, 0n, address);

export const segmentRegister = (reg: number): Operand => makeOperand(OperandKind.SREG, 2, reg, 0, 0n, NO_ADDRESS);

export const controlRegister = (size: Size, reg: number): Operand => makeOperand(OperandKind.CREG, size, reg, 0, 0n, NO_ADDRESS);

export const debugRegister = (size: Size, reg: number): Operand => makeOperand(OperandKind.DREG, size, reg, 0, 0n, NO_ADDRESS);

export const stackRegister = (reg: number): Operand => makeOperand(OperandKind.ST, 8, reg, 0, 0n, NO_ADDRESS);
