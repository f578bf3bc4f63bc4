// The encodings of single and double precision: sign, biased exponent, fraction without the integer bit, as raw bits in a
// bigint (SDM vol. 1, "Floating-Point Data Types").

import type { Unpacked } from '../../../src/cpu/float/encoding.ts';
import type { Exact, FloatFormat } from '../../../src/cpu/float/format.ts';

const fractionBits = ({ precision }: FloatFormat): bigint => BigInt(precision - 1);
/** The biased exponent of infinities and NaNs: all ones. */
const allOnes = ({ maxExponent }: FloatFormat): number => 2 * maxExponent + 1;
/** The exponent of the last bit of denormals, and of the smallest normal numbers. */
const lowestExponent = ({ precision, minExponent }: FloatFormat): number => minExponent - precision + 1;

/** Takes raw bits apart. A NaN's significand is its fraction. */
export function unpackInterchange(bits: bigint, format: FloatFormat): Unpacked {
  const fraction = BigInt.asUintN(format.precision - 1, bits);
  const high = Number(bits >> fractionBits(format));
  const biased = high & allOnes(format);
  const sign = high > allOnes(format) ? 1 : 0;
  const exponent = lowestExponent(format) + Math.max(biased, 1) - 1;
  if (biased === 0) return { sign, significand: fraction, exponent, kind: fraction === 0n ? 'zero' : 'finite', denormal: fraction !== 0n };
  if (biased < allOnes(format)) {
    return { sign, significand: fraction | (1n << fractionBits(format)), exponent, kind: 'finite', denormal: false };
  }
  const isQuiet = fraction >> (fractionBits(format) - 1n) === 1n;
  return { sign, significand: fraction, exponent, kind: fraction === 0n ? 'infinity' : isQuiet ? 'qnan' : 'snan', denormal: false };
}

export const signOf = (sign: 0 | 1, { precision }: FloatFormat): bigint => (sign === 0 ? 0n : 1n << (precision === 24 ? 31n : 63n));

export const infinityOf = (sign: 0 | 1, format: FloatFormat): bigint =>
  signOf(sign, format) | (BigInt(allOnes(format)) << fractionBits(format));

/** A quiet NaN with that fraction. */
export const quietNaNOf = (sign: 0 | 1, fraction: bigint, format: FloatFormat): bigint =>
  infinityOf(sign, format) | (1n << (fractionBits(format) - 1n)) | fraction;

/** The encoding of a number rounded to the format. The integer bit, or a carry out of it, adds to the exponent. */
export const packInterchange = ({ sign, significand, exponent }: Exact, format: FloatFormat): bigint =>
  signOf(sign, format) | ((BigInt(exponent - lowestExponent(format)) << fractionBits(format)) + significand);
