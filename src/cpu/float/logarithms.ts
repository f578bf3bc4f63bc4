// F2XM1, FYL2X, FYL2XP1. Null for no result.

import { PE, ZE, raise } from './environment.ts';
import type { FloatEnvironment } from './environment.ts';
import { infinity, unpack, zero } from './encoding.ts';
import { divExact, mulExact } from './exact.ts';
import { bitLength, leadingExponent } from './format.ts';
import type { Exact } from './format.ts';
import { denormalOperands, invalid, specialOperand } from './invalid.ts';
import { expMinus1, ln2, logOfRatio } from './series.ts';
import { WORKING_BITS, inexact, transcendental } from './transcendental.ts';

/** Below 2^-LINEAR, 2^x - 1 and log2(1 + x) are straight lines as far as the bits go. */
const LINEAR = 150;
const LN2: Exact = inexact(ln2(WORKING_BITS), WORKING_BITS);
const ONE = 0x3fff_8000_0000_0000_0000n;
const MINUS_ONE = ONE | (1n << 79n);
const MINUS_HALF = 0xbffe_8000_0000_0000_0000n;

/** F2XM1: 2^x - 1 for x from -1 to 1. Beyond, where the SDM leaves the result open, a finite x stays as it is. */
export function exp2Minus1(env: FloatEnvironment, x: bigint): bigint | null {
  const number = unpack(x);
  const special = specialOperand(env, number);
  if (special !== undefined) return special;
  if (!denormalOperands(env, number)) return null;
  env.roundedUp = false;
  if (number.kind === 'zero') return x;
  if (number.kind === 'infinity') return number.sign === 1 ? MINUS_ONE : x;
  const leading = leadingExponent(number);
  if (leading < -LINEAR) return transcendental(env, mulExact(number, LN2));
  if (leading >= 0) {
    env.flags |= PE;
    return x === MINUS_ONE ? MINUS_HALF : x;
  }
  const bits = WORKING_BITS - leading;
  const product = (number.significand * ln2(bits)) >> BigInt(-number.exponent);
  return transcendental(env, inexact(expMinus1(number.sign === 1 ? -product : product, bits), bits));
}

/** FYL2X: y * log2(x), for x = ST(0) and y = ST(1). */
export function yLog2(env: FloatEnvironment, x: bigint, y: bigint): bigint | null {
  const a = unpack(x);
  const b = unpack(y);
  const special = specialOperand(env, a, b);
  if (special !== undefined) return special;
  const isOne = x === ONE;
  if (a.sign === 1 && a.kind !== 'zero') return invalid(env);
  if (b.kind === 'infinity' ? isOne : b.kind === 'zero' && a.kind !== 'finite') return invalid(env);
  env.roundedUp = false;
  const isBelow = a.kind !== 'infinity' && (a.kind === 'zero' || leadingExponent(a) < 0);
  const sign = isBelow === (b.sign === 1) ? 0 : 1;
  if (a.kind === 'zero' && b.kind === 'finite') return raise(env, ZE) ? infinity(sign) : null;
  if (!denormalOperands(env, a, b)) return null;
  if (isOne || b.kind === 'zero') return zero(sign);
  if (a.kind !== 'finite' || b.kind === 'infinity') return infinity(sign);
  return transcendental(env, mulExact(b, log2(a)));
}

/**
 * FYL2XP1: y * log2(x + 1), for x = ST(0) and y = ST(1). The SDM leaves the result open for x beyond its range: here the formula
 * holds there too, and an x from -1 downwards is itself the result, as the processor has it.
 */
export function yLog2Plus1(env: FloatEnvironment, x: bigint, y: bigint): bigint | null {
  const a = unpack(x);
  const b = unpack(y);
  const special = specialOperand(env, a, b);
  if (special !== undefined) return special;
  if (a.kind === 'infinity' && a.sign === 1) return invalid(env);
  if (b.kind === 'infinity' ? a.kind === 'zero' : b.kind === 'zero' && a.kind === 'infinity') return invalid(env);
  if (!denormalOperands(env, a, b)) return null;
  env.roundedUp = false;
  const sign = a.sign === b.sign ? 0 : 1;
  if (a.kind === 'zero' || b.kind === 'zero') return zero(sign);
  if (a.kind === 'infinity' || b.kind === 'infinity') return infinity(sign);
  if (a.sign === 1 && leadingExponent(a) >= 0) {
    env.flags |= PE;
    return x;
  }
  return transcendental(env, mulExact(b, log2Plus1(a)));
}

/** The logarithm of a positive number other than 1. */
function log2(x: Exact): Exact {
  const length = bitLength(x.significand);
  const leading = leadingExponent(x);
  if (x.significand === 1n << BigInt(length - 1)) {
    return { sign: leading < 0 ? 1 : 0, significand: BigInt(Math.abs(leading)), exponent: 0 };
  }
  // x = 2^power * s / unit, with s / unit between about sqrt(1/2) and sqrt(2), so that power and logarithm do not cancel
  const isUpper = (x.significand << 8n) >> BigInt(length) >= 181n;
  const power = isUpper ? leading + 1 : leading;
  const unit = 1n << BigInt(isUpper ? length : length - 1);
  const distance = x.significand - unit;
  const bits = WORKING_BITS + (power === 0 ? bitLength(unit) - bitLength(distance < 0n ? -distance : distance) : 0);
  const fraction = (logOfRatio(x.significand, unit, bits) << BigInt(bits)) / ln2(bits);
  return inexact((BigInt(power) << BigInt(bits)) + fraction, bits);
}

/** The logarithm of 1 + x, for x above -1 other than 0. */
function log2Plus1(x: Exact): Exact {
  const leading = leadingExponent(x);
  if (leading < -LINEAR) return divExact(x, LN2);
  if (leading > 2 * WORKING_BITS) return log2(x);
  const one = 1n << BigInt(Math.max(0, -x.exponent));
  const magnitude = x.significand << BigInt(Math.max(0, x.exponent));
  const sum = x.sign === 1 ? one - magnitude : one + magnitude;
  if (leading >= -1) return log2({ sign: 0, significand: sum, exponent: Math.min(0, x.exponent) });
  const bits = WORKING_BITS - leading;
  return inexact((logOfRatio(sum, one, bits) << BigInt(bits)) / ln2(bits), bits);
}
