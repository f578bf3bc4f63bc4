// The double extended-precision format, as 80 raw bits: sign << 79 | biased exponent << 64 | significand, whose bit 63 is the
// integer bit (SDM vol. 1, "Floating-Point Data Types" and "Unsupported Double Extended-Precision Floating-Point Encodings").

import { EXTENDED, bitLength } from './format.ts';
import type { Exact } from './format.ts';

export const BIAS = 16383,
  MAX_BIASED = 0x7fff;
export const SIGN_BIT = 1n << 79n,
  INTEGER_BIT = 1n << 63n,
  QUIET_BIT = 1n << 62n,
  SIGNIFICAND = (1n << 64n) - 1n;
const INFINITY_BITS = (0x7fffn << 64n) | INTEGER_BIT;

/** QNaN floating-point indefinite: the masked response to an invalid operation. */
export const INDEFINITE = (0xffffn << 64n) | INTEGER_BIT | QUIET_BIT;

export const zero = (sign: 0 | 1): bigint => (sign === 1 ? SIGN_BIT : 0n);
export const infinity = (sign: 0 | 1): bigint => zero(sign) | INFINITY_BITS;

/** `unsupported`: unnormals, pseudo-infinities and pseudo-NaNs, whose use is an invalid operation. */
export type Kind = 'zero' | 'finite' | 'infinity' | 'qnan' | 'snan' | 'unsupported';

export interface Unpacked extends Exact {
  readonly kind: Kind;
  /** Denormals and pseudo-denormals, whose use raises DE. */
  readonly denormal: boolean;
}

/** Takes 80 raw bits apart. `significand` and `exponent` give the value of finite numbers; others keep their significand. */
export function unpack(bits: bigint): Unpacked {
  const high = Number(bits >> 64n);
  const sign = high >= 0x8000 ? 1 : 0;
  const biased = high & MAX_BIASED;
  const significand = bits & SIGNIFICAND;
  const exponent = Math.max(biased, 1) - BIAS - 63;
  return { sign, significand, exponent, kind: kindOf(biased, significand), denormal: biased === 0 && significand !== 0n };
}

function kindOf(biased: number, significand: bigint): Kind {
  if (biased === 0) return significand === 0n ? 'zero' : 'finite';
  if (significand < INTEGER_BIT) return 'unsupported';
  if (biased !== MAX_BIASED) return 'finite';
  if (significand === INTEGER_BIT) return 'infinity';
  return (significand & QUIET_BIT) === 0n ? 'snan' : 'qnan';
}

/** The encoding of a value that the format holds exactly; its significand may have any length up to 64 bits and may be 0. */
export function pack({ sign, significand, exponent }: Exact): bigint {
  if (significand === 0n) return zero(sign);
  const room = 64 - bitLength(significand);
  const biased = exponent - room + 63 + BIAS;
  if (biased >= 1) return zero(sign) | (BigInt(biased) << 64n) | (significand << BigInt(room));
  const shift = exponent - (EXTENDED.minExponent - 63);
  return zero(sign) | (shift >= 0 ? significand << BigInt(shift) : significand >> BigInt(-shift));
}

/** A NaN from its sign and significand, quiet. */
export const quietNaN = (sign: 0 | 1, significand: bigint): bigint => infinity(sign) | QUIET_BIT | significand;

/** FCHS: works on any bits. */
export const chs = (x: bigint): bigint => x ^ SIGN_BIT;
/** FABS: works on any bits. */
export const abs = (x: bigint): bigint => x & ~SIGN_BIT;

export type FloatClass = 'unsupported' | 'nan' | 'normal' | 'infinity' | 'zero' | 'denormal';

/** FXAM's classes; the caller adds the sign and what is empty. Pseudo-denormals are denormals. */
export function classify(x: bigint): FloatClass {
  const { kind, denormal } = unpack(x);
  if (kind === 'finite') return denormal ? 'denormal' : 'normal';
  return kind === 'qnan' || kind === 'snan' ? 'nan' : kind;
}
