// Delivering a result: rounding, and the exceptions that are found afterwards (overflow, underflow, inexact).

import { OE, PE, Rounding, UE } from './environment.ts';
import type { FloatEnvironment } from './environment.ts';
import { EXTENDED, leadingExponent, roundToDenormal, roundToPrecision } from './format.ts';
import type { Exact, FloatFormat, Rounded } from './format.ts';
import { infinity, pack } from './encoding.ts';

/** A rounded number, or that its magnitude is beyond the format. */
export interface Delivered extends Exact {
  readonly infinite: boolean;
}

/** What is added to or taken from an exponent that left the range of registers, when the exception is not masked. */
const BIAS_ADJUST = 24576;

/**
 * Rounds `value`, which is not 0, to `format`, by the rounding mode of `env`, and raises OE, UE, PE there.
 *
 * For results in registers `wrap` is not 0: an unmasked overflow or underflow gives the result with its exponent adjusted by it.
 * For results in memory it is 0, and gives null: nothing is to be stored. Tininess is found after rounding. A masked underflow is
 * raised only if the result is inexact too. (SDM vol. 1, "Numeric Overflow Exception", "Numeric Underflow Exception".)
 */
export function deliver(env: FloatEnvironment, value: Exact, format: FloatFormat, wrap: number): Delivered | null {
  const rounded = roundToPrecision(value, format.precision, env.rounding);
  const leading = leadingExponent(rounded);
  if (leading > format.maxExponent) {
    env.flags |= OE;
    if ((env.masks & OE) === 0) return wrap === 0 ? nothing(env) : adjusted(env, rounded, -wrap, format);
    return overflow(env, value.sign, format);
  }
  if (leading >= format.minExponent) return inexactly(env, rounded, 0);
  if ((env.masks & UE) === 0) {
    env.flags |= UE;
    return wrap === 0 ? nothing(env) : adjusted(env, rounded, wrap, format);
  }
  const denormal = roundToDenormal(value, format, env.rounding);
  if (denormal.inexact) env.flags |= UE;
  return inexactly(env, denormal, 0);
}

function nothing(env: FloatEnvironment): null {
  env.roundedUp = false;
  return null;
}

/**
 * The response to an overflow or underflow that is not masked. A result of FSCALE may still be out of range after it: then it is
 * an infinity or 0, whatever the rounding mode (SDM vol. 1, "Numeric Overflow Exception": massive overflow).
 */
function adjusted(env: FloatEnvironment, rounded: Rounded, by: number, format: FloatFormat): Delivered {
  const leading = leadingExponent(rounded) + by;
  if (leading <= format.maxExponent && leading >= format.minExponent) return inexactly(env, rounded, by);
  env.flags |= PE;
  env.roundedUp = by < 0;
  return { sign: rounded.sign, significand: 0n, exponent: 0, infinite: by < 0 };
}

function inexactly(env: FloatEnvironment, rounded: Rounded, adjust: number): Delivered {
  if (rounded.inexact) env.flags |= PE;
  env.roundedUp = rounded.up;
  const { sign, significand, exponent } = rounded;
  return { sign, significand, exponent: exponent + adjust, infinite: false };
}

/** The masked response to overflow (SDM vol. 1, table "Masked Responses to Numeric Overflow"). */
function overflow(env: FloatEnvironment, sign: 0 | 1, format: FloatFormat): Delivered {
  const { precision, maxExponent } = format;
  const towardInfinity = env.rounding === Rounding.NEAREST || env.rounding === (sign === 1 ? Rounding.DOWN : Rounding.UP);
  env.flags |= PE;
  env.roundedUp = towardInfinity;
  return { sign, significand: (1n << BigInt(precision)) - 1n, exponent: maxExponent - precision + 1, infinite: towardInfinity };
}

/** Rounds a value that is not 0 to the register format, without regard to precision control. */
export function toRegister(env: FloatEnvironment, value: Exact): bigint {
  const result = deliver(env, value, EXTENDED, BIAS_ADJUST)!; // never null: registers take the adjusted result
  return result.infinite ? infinity(result.sign) : pack(result);
}
