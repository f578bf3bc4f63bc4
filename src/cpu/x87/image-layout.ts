// Where the parts of the x87 environment and state lie in memory, and which of them are one access.

import type { Size } from '../builder/operand.ts';

const WORDS = 7;
const REGISTERS = 8;
const REGISTER_BYTES = 10;

/** Words are of 2 bytes with a 16-bit operand size, else of 4. */
export const wordSize = (size: Size): 2 | 4 => (size === 2 ? 2 : 4);

const environmentBytes = (size: Size): number => WORDS * wordSize(size);

/** A part of an image that is one access. */
export interface ImagePiece {
  readonly offset: number;
  readonly size: Size;
}

export function environmentPieces(operandSize: Size): ImagePiece[] {
  const size = wordSize(operandSize);
  return Array.from({ length: WORDS }, (_, n) => ({ offset: n * size, size }));
}

/** Registers are accessed in two parts, as an operand of ten bytes is. */
export function statePieces(operandSize: Size): ImagePiece[] {
  const registers = Array.from({ length: REGISTERS }, (_, n) => environmentBytes(operandSize) + REGISTER_BYTES * n);
  const parts = (at: number): ImagePiece[] => [
    { offset: at, size: 8 },
    { offset: at + 8, size: 2 },
  ];
  return [...environmentPieces(operandSize), ...registers.flatMap(parts)];
}

/** What a piece holds: word `n` of the environment, or a part of register `n` from the top. */
type PieceContent = { readonly what: 'word' | 'low' | 'high'; readonly n: number };

/** What lies at `offset`, where a piece begins. */
export function contentAt(operandSize: Size, offset: number): PieceContent {
  const behind = offset - environmentBytes(operandSize);
  if (behind < 0) return { what: 'word', n: offset / wordSize(operandSize) };
  return { what: behind % REGISTER_BYTES === 0 ? 'low' : 'high', n: Math.floor(behind / REGISTER_BYTES) };
}
