// FILD, FIST, FISTTP, FRNDINT: between the register format and integers.

import { IE, PE, Rounding, raise } from '../../../src/cpu/float/environment.ts';
import type { FloatEnvironment } from '../../../src/cpu/float/environment.ts';
import { pack, unpack } from '../../../src/cpu/float/encoding.ts';
import { leadingExponent, roundToQuantum } from '../../../src/cpu/float/format.ts';
import type { Exact } from '../../../src/cpu/float/format.ts';
import { denormalOperands, specialOperand } from '../../../src/cpu/float/invalid.ts';

/** FILD: a signed integer of up to 64 bits. Always exact. */
export const fromInteger = (x: bigint): bigint =>
  pack(x < 0n ? { sign: 1, significand: -x, exponent: 0 } : { sign: 0, significand: x, exponent: 0 });

/**
 * FIST (by RC) or, with `truncate`, FISTTP, to `bytes` bytes: a signed bigint. What cannot be represented raises IE and gives
 * the integer indefinite, the most negative one; null if IE is not masked: nothing is to be stored or popped.
 */
export function toInteger(env: FloatEnvironment, x: bigint, bytes: 2 | 4 | 8, { truncate }: { truncate: boolean }): bigint | null {
  const limit = 1n << BigInt(8 * bytes - 1);
  const rounded = integral(env, x, truncate);
  if (rounded !== null && rounded.value < limit && rounded.value >= -limit) {
    noteRounding(env, rounded);
    return rounded.value;
  }
  env.roundedUp = false;
  return raise(env, IE) ? -limit : null;
}

export interface Integral {
  readonly value: bigint;
  readonly inexact: boolean;
  readonly up: boolean;
}

/** PE and C1 of a rounding to an integer that is in range. */
export function noteRounding(env: FloatEnvironment, { inexact, up }: Integral): void {
  if (inexact) env.flags |= PE;
  env.roundedUp = up;
}

/** `x` rounded to an integer, or null if it is no number or has more than 64 bits. Raises nothing. */
export function integral(env: FloatEnvironment, x: bigint, truncate: boolean): Integral | null {
  const number = unpack(x);
  if (number.kind === 'zero') return { value: 0n, inexact: false, up: false };
  if (number.kind !== 'finite' || leadingExponent(number) > 64) return null;
  const { sign, significand, inexact, up } = roundToQuantum(fine(number), 0, truncate ? Rounding.TOWARD_ZERO : env.rounding);
  return { value: sign === 1 ? -significand : significand, inexact, up };
}

/** A number below 1/4 rounds to an integer as any other does, without shifts by thousands of bits. */
const fine = (x: Exact): Exact => (leadingExponent(x) < -2 ? { sign: x.sign, significand: 1n, exponent: -3 } : x);

/** FRNDINT: to an integer by RC, in the register format; a result of 0 keeps the sign. Null for no result. */
export function roundToInteger(env: FloatEnvironment, x: bigint): bigint | null {
  const number = unpack(x);
  const special = specialOperand(env, number);
  if (special !== undefined) return special;
  if (!denormalOperands(env, number)) return null;
  env.roundedUp = false;
  if (number.kind !== 'finite' || number.exponent >= 0) return x;
  const rounded = roundToQuantum(fine(number), 0, env.rounding);
  if (rounded.inexact) env.flags |= PE;
  env.roundedUp = rounded.up;
  return pack(rounded);
}
