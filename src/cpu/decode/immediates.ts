// Immediates. `imm` of an operand up to 16 bits is unsigned, of a 32- or 64-bit operand signed; `imm64` is the same number,
// or all 64 bits of it (MOV r64, imm64).

import { OperandKind } from '../builder/operand.ts';
import type { Operand, Size } from '../builder/operand.ts';
import { NO_ADDRESS } from './modrm.ts';
import { makeOperand } from './operand-record.ts';
import type { ByteStream } from './stream.ts';

function constant(size: Size, n: number): Operand {
  const imm = size === 1 ? n & 0xff : size === 2 ? n & 0xffff : n | 0;
  return makeOperand(OperandKind.IMM, size, 0, imm, BigInt(imm), NO_ADDRESS);
}

const readSigned = (stream: ByteStream, size: Size): number => (size === 1 ? stream.s8() : size === 2 ? stream.s16() : stream.s32());

/** `size` bytes, zero-extended where anything wider looks at them (INT, IN, shift counts, ENTER). */
export function immediate(stream: ByteStream, size: Size): Operand {
  if (size !== 8) return constant(size, readSigned(stream, size));
  const imm64 = stream.s64();
  return makeOperand(OperandKind.IMM, 8, 0, Number(BigInt.asIntN(32, imm64)), imm64, NO_ADDRESS);
}

/** `bytes` bytes sign-extended to `size`. */
export const signExtended = (stream: ByteStream, bytes: Size, size: Size): Operand => constant(size, readSigned(stream, bytes));

/** The constant 1 of the shift group. */
export const one = (): Operand => constant(1, 1);
