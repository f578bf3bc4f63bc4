// FLD and FST of single and double precision: IEEE encodings in memory, as raw bits in a bigint.

import { DE, IE, raise } from './environment.ts';
import type { FloatEnvironment } from './environment.ts';
import { INDEFINITE, QUIET_BIT, infinity, pack, quietNaN, unpack, zero } from './encoding.ts';
import { DOUBLE, SINGLE } from './format.ts';
import type { FloatFormat } from './format.ts';
import { invalid } from './invalid.ts';
import { deliver } from './result.ts';

/** FLD m32fp: 32 raw bits to 80. An SNaN raises IE and is made quiet, a denormal raises DE; null if that is not masked. */
export const fromFloat32 = (env: FloatEnvironment, bits: bigint): bigint | null => load(env, bits, SINGLE);

/** FLD m64fp: 64 raw bits to 80, as `fromFloat32`. */
export const fromFloat64 = (env: FloatEnvironment, bits: bigint): bigint | null => load(env, bits, DOUBLE);

/**
 * FST m32fp: 80 raw bits to 32, rounded by RC. Raises IE (SNaN, unsupported), OE, UE, PE; null if IE, OE or UE is raised and
 * not masked: nothing is to be stored or popped. PE never keeps the result from being stored.
 */
export const toFloat32 = (env: FloatEnvironment, x: bigint): bigint | null => store(env, x, SINGLE);

/** FST m64fp: 80 raw bits to 64, as `toFloat32`. */
export const toFloat64 = (env: FloatEnvironment, x: bigint): bigint | null => store(env, x, DOUBLE);

function load(env: FloatEnvironment, bits: bigint, { precision, minExponent, maxExponent }: FloatFormat): bigint | null {
  const fractionBits = BigInt(precision - 1);
  const fraction = bits & ((1n << fractionBits) - 1n);
  const high = Number(bits >> fractionBits);
  const biased = high & (2 * maxExponent + 1);
  const sign = high > 2 * maxExponent + 1 ? 1 : 0;
  env.roundedUp = false;
  if (biased === 2 * maxExponent + 1) {
    if (fraction === 0n) return infinity(sign);
    const significand = fraction << BigInt(64 - precision);
    return (significand & QUIET_BIT) !== 0n || raise(env, IE) ? quietNaN(sign, significand) : null;
  }
  if (biased === 0) {
    if (fraction === 0n) return zero(sign);
    return raise(env, DE) ? pack({ sign, significand: fraction, exponent: minExponent - precision + 1 }) : null;
  }
  return pack({ sign, significand: fraction | (1n << fractionBits), exponent: biased - maxExponent - precision + 1 });
}

function store(env: FloatEnvironment, bits: bigint, format: FloatFormat): bigint | null {
  const x = unpack(bits);
  const signBits = x.sign === 1 ? 1n << BigInt(widthOf(format) - 1) : 0n;
  env.roundedUp = false;
  switch (x.kind) {
    case 'zero': return signBits;
    case 'infinity': return signBits | infinityOf(format);
    case 'qnan': return signBits | nanOf(x.significand, format);
    case 'snan': return raise(env, IE) ? signBits | nanOf(x.significand | QUIET_BIT, format) : null;
    case 'unsupported': {
      const indefinite = invalid(env);
      return indefinite === null ? null : (1n << BigInt(widthOf(format) - 1)) | nanOf(INDEFINITE, format);
    }
    case 'finite': {
      const result = deliver(env, x, format, 0);
      if (result === null) return null;
      return signBits | (result.infinite ? infinityOf(format) : magnitudeOf(result.significand, result.exponent, format));
    }
  }
}

const widthOf = ({ precision }: FloatFormat): number => (precision === 24 ? 32 : 64);

const infinityOf = ({ precision, maxExponent }: FloatFormat): bigint => BigInt(2 * maxExponent + 1) << BigInt(precision - 1);

/** A NaN keeps the upper bits of its significand. */
function nanOf(significand: bigint, format: FloatFormat): bigint {
  const fractionBits = format.precision - 1;
  return infinityOf(format) | ((significand >> BigInt(64 - format.precision)) & ((1n << BigInt(fractionBits)) - 1n));
}

/** Exponent and fraction of a rounded number. The integer bit, or a carry out of it, adds to the exponent. */
function magnitudeOf(significand: bigint, exponent: number, { precision, minExponent }: FloatFormat): bigint {
  const lowest = minExponent - precision + 1; // of the last bit of denormals and of the smallest normal numbers
  return (BigInt(exponent - lowest) << BigInt(precision - 1)) + significand;
}
