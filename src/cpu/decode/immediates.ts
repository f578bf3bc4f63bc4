// Immediates. `imm` of an operand up to 16 bits is unsigned, of a 32- or 64-bit operand signed; `imm64` is the same number,
// or all 64 bits of it (MOV r64, imm64).

import type { Operand, Size } from '../builder/insn.ts';
import { OperandKind } from '../builder/insn.ts';
import { NO_ADDRESS } from './modrm.ts';
import { makeOperand } from './operand-record.ts';
import type { ByteStream } from './stream.ts';

function immediate(size: Size, n: number): Operand {
  const imm = size === 1 ? n & 0xff : size === 2 ? n & 0xffff : n | 0;
  return makeOperand(OperandKind.IMM, size, 0, imm, BigInt(imm), NO_ADDRESS);
}

/** imm8, zero-extended where anything wider looks at it (INT, IN, shift counts, ENTER's level). */
export const byteImmediate = (stream: ByteStream): Operand => immediate(1, stream.u8());

/** imm8 sign-extended to the operand size. */
export const signedByteImmediate = (stream: ByteStream, size: Size): Operand => immediate(size, stream.s8());

/** imm16. */
export const wordImmediate = (stream: ByteStream): Operand => immediate(2, stream.u16());

/** imm16 or imm32 by operand size; with 64 bits imm32 sign-extended. */
export const immediateZ = (stream: ByteStream, size: Size): Operand => immediate(size, size === 2 ? stream.u16() : stream.s32());

/** imm16, imm32 or imm64. */
export function immediateV(stream: ByteStream, size: Size): Operand {
  if (size !== 8) return immediateZ(stream, size);
  const imm64 = stream.s64();
  return makeOperand(OperandKind.IMM, 8, 0, Number(BigInt.asIntN(32, imm64)), imm64, NO_ADDRESS);
}

/** The constant 1 of the shift group. */
export const one = (): Operand => immediate(1, 1);
