// What goes in and out of the exact functions beside significands. A number in the register format is a pair: its significand (i64)
// and a word (i32) with sign and biased exponent in bits 15:0. A result has its outcome in the upper bits of that word.
//
//   outcome   31 there is a result | 30:16 exceptions and C1, as in the status word | 15:0 sign and exponent
//
// `control` is the x87 control word: 11:10 rounding | 9:8 precision | 5:0 masks.

import { i32, i64 } from '../../translator/wasm/expression.ts';
import type { Expression } from '../../translator/wasm/expression.ts';

export const HAS_RESULT = 0x8000_0000 | 0;
export const STATUS_SHIFT = 16;
/** C1 of the status word: the result was rounded away from 0. */
export const ROUNDED_UP = 0x200;

export const BIAS = 16383,
  MAX_BIASED = 0x7fff,
  SIGN = 0x8000;
export const INTEGER_BIT = 1n << 63n,
  QUIET_BIT = 1n << 62n;

export const RC_SHIFT = 10;

/** Bits of the outcome for exceptions (and C1) of the status word. */
export const raised = (bits: number): number => bits << STATUS_SHIFT;

export const exponentOf = (word: Expression): Expression => word.and(MAX_BIASED);
/** In bit 15. */
export const signOf = (word: Expression): Expression => word.and(SIGN);
/** A number with its integer bit and an exponent that is neither the least nor the greatest: what the straight paths are for. */
export const isNormal = (significand: Expression, word: Expression): Expression =>
  exponentOf(word)
    .sub(1)
    .lt(MAX_BIASED - 1)
    .and(significand.isNegative());
/** NaNs, and the encodings that are not supported. */
export const isNoNumber = (significand: Expression, word: Expression): Expression =>
  exponentOf(word)
    .ne(0)
    .and(significand.isNegative().isZero())
    .or(
      exponentOf(word)
        .eq(MAX_BIASED)
        .and(significand.ne(i64(INTEGER_BIT))),
    );
/** Of what is a number. */
export const isInfinite = (word: Expression): Expression => exponentOf(word).eq(MAX_BIASED);
export const isDenormal = (significand: Expression, word: Expression): Expression => exponentOf(word).isZero().and(significand.ne(0));

export const result = (word: Expression): Expression => word.or(i32(HAS_RESULT));
