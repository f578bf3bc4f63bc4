// Elementary functions in fixed point: a bigint x with `bits` fraction bits stands for x / 2^bits. Results are off by a few
// hundred units of the last bit at most; callers take many more bits than they keep.

import { integerSqrt } from './exact.ts';

/** Fraction bits of the constants below. */
const CONSTANT_BITS = 512;
const PI = BigInt(
  '0x3243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89452821e638d01377be5466cf34e90c6cc0ac29b7c97c50d' +
    'd3f84d5b5b5470917',
);
const LN2 = BigInt(
  '0xb17217f7d1cf79abc9e3b39803f2f6af40f343267298b62d8a0d175b8baafa2be7b876206debac98559552fb4afa1b10ed2eae35c1382144' + '27573b291169b825',
);

/** For at most 512 bits. */
export const pi = (bits: number): bigint => PI >> BigInt(CONSTANT_BITS - bits);
export const ln2 = (bits: number): bigint => LN2 >> BigInt(CONSTANT_BITS - bits);

/** first + first * ratio / d(1) + first * ratio^2 / (d(1) d(2)) + ..., until a term vanishes. */
function powerSeries(first: bigint, ratio: bigint, shift: bigint, divisor: (n: bigint) => bigint): bigint {
  let sum = first;
  let term = first;
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    term = ((term * ratio) >> shift) / divisor(n);
    sum += term;
  }
  return sum;
}

/** x + ratio * x / 3 + ratio^2 * x / 5 + ...: the inverse tangent (ratio -x^2) or the inverse hyperbolic one (x^2). */
function oddSeries(x: bigint, ratio: bigint, shift: bigint): bigint {
  let sum = x;
  let power = x;
  for (let n = 3n; power !== 0n && power !== -1n; n += 2n) {
    power = (power * ratio) >> shift;
    sum += power / n;
  }
  return sum;
}

/** For |x| up to about 1. */
export function sinOf(x: bigint, bits: number): bigint {
  const shift = BigInt(bits);
  return powerSeries(x, -((x * x) >> shift), shift, (n) => 2n * n * (2n * n + 1n));
}

/** For |x| up to about 1. */
export function cosOf(x: bigint, bits: number): bigint {
  const shift = BigInt(bits);
  return powerSeries(1n << shift, -((x * x) >> shift), shift, (n) => 2n * n * (2n * n - 1n));
}

/** e^x - 1, for |x| up to about 1. */
export const expMinus1 = (x: bigint, bits: number): bigint => powerSeries(x, x, BigInt(bits), (n) => n + 1n);

/** ln(numerator / denominator) for a quotient between 1/2 and 2: twice the inverse hyperbolic tangent of (n - d) / (n + d). */
export function logOfRatio(numerator: bigint, denominator: bigint, bits: number): bigint {
  const shift = BigInt(bits);
  const z = ((numerator - denominator) << shift) / (numerator + denominator);
  return 2n * oddSeries(z, (z * z) >> shift, shift);
}

/** For x between 0 and 1: three times the angle is halved, by tan(a / 2) = tan(a) / (1 + sqrt(1 + tan(a)^2)). */
export function atanOf(x: bigint, bits: number): bigint {
  const shift = BigInt(bits);
  const one = 1n << shift;
  let tangent = x;
  for (let halvings = 0; halvings < 3; halvings++) {
    tangent = (tangent << shift) / (one + integerSqrt((one << shift) + tangent * tangent));
  }
  return 8n * oddSeries(tangent, -((tangent * tangent) >> shift), shift);
}
