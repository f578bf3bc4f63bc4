// Binary floating-point formats, and rounding an exact value to one of them. Nothing here knows an encoding.

import { Rounding } from './environment.ts';
import type { RoundingMode } from './environment.ts';

export interface FloatFormat {
  /** Bits of the significand, the integer bit included. */
  readonly precision: number;
  /** Unbiased exponents of the smallest and the largest normal number. */
  readonly minExponent: number;
  readonly maxExponent: number;
}

export const SINGLE: FloatFormat = { precision: 24, minExponent: -126, maxExponent: 127 };
export const DOUBLE: FloatFormat = { precision: 53, minExponent: -1022, maxExponent: 1023 };
export const EXTENDED: FloatFormat = { precision: 64, minExponent: -16382, maxExponent: 16383 };
/**
 * The number (-1)^sign * significand * 2^exponent, with a significand of any length. A result with infinitely many digits is
 * given with at least two bits more than any format has, the last of them set if anything follows ("sticky").
 */
export interface Exact {
  readonly sign: 0 | 1;
  readonly significand: bigint;
  readonly exponent: number;
}

export interface Rounded extends Exact {
  readonly inexact: boolean;
  /** Away from zero. */
  readonly up: boolean;
}

/** Number of bits of `x`, which is not negative; 0 for 0. */
export function bitLength(x: bigint): number {
  let length = 0;
  while (x > 0xffff_ffff_ffff_ffffn) {
    x >>= 64n;
    length += 64;
  }
  const high = Number(x >> 32n);
  return length + (high !== 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(Number(x)));
}

/** The exponent of the leading bit of a value that is not 0. */
export const leadingExponent = ({ significand, exponent }: Exact): number => exponent + bitLength(significand) - 1;

/** Rounds to a multiple of 2^quantum; the result has that exponent. */
export function roundToQuantum(value: Exact, quantum: number, mode: RoundingMode): Rounded {
  const { sign, significand, exponent } = value;
  const drop = quantum - exponent;
  if (drop <= 0) return { sign, significand: significand << BigInt(-drop), exponent: quantum, inexact: false, up: false };
  const shift = BigInt(drop);
  const kept = significand >> shift;
  const rest = significand - (kept << shift);
  if (rest === 0n) return { sign, significand: kept, exponent: quantum, inexact: false, up: false };
  const up = roundsUp(sign, kept, rest, 1n << (shift - 1n), mode);
  return { sign, significand: up ? kept + 1n : kept, exponent: quantum, inexact: true, up };
}

function roundsUp(sign: 0 | 1, kept: bigint, rest: bigint, half: bigint, mode: RoundingMode): boolean {
  switch (mode) {
    case Rounding.NEAREST:
      return rest > half || (rest === half && (kept & 1n) === 1n);
    case Rounding.DOWN:
      return sign === 1;
    case Rounding.UP:
      return sign === 0;
    case Rounding.TOWARD_ZERO:
      return false;
  }
}

/** Rounds to `precision` bits as if exponents had no bounds. The value is not 0. */
export const roundToPrecision = (value: Exact, precision: number, mode: RoundingMode): Rounded =>
  roundToQuantum(value, leadingExponent(value) - precision + 1, mode);

/** Rounds to what the format can hold below its smallest normal number. */
export const roundToDenormal = (value: Exact, format: FloatFormat, mode: RoundingMode): Rounded =>
  roundToQuantum(value, format.minExponent - format.precision + 1, mode);
