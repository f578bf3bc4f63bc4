// The operations on numbers as such. They are exact, or give a sticky last bit where the result has no end. Significands are not 0.

import { bitLength, leadingExponent } from './format.ts';
import type { Exact } from './format.ts';

/** More bits than a result keeps of any format, its rounding and sticky bits, and a cancelled leading bit. */
const GUARD = 136;

/** a + b; a significand of 0 (exact cancellation) comes with sign 0. */
export function addExact(a: Exact, b: Exact): Exact {
  const [large, small] = leadingExponent(a) >= leadingExponent(b) ? [a, b] : [b, a];
  const tail = reach(large, small);
  const exponent = Math.min(large.exponent, tail.exponent);
  const aligned = (x: Exact): bigint => {
    const magnitude = x.significand << BigInt(x.exponent - exponent);
    return x.sign === 1 ? -magnitude : magnitude;
  };
  const sum = aligned(large) + aligned(tail);
  return sum < 0n ? { sign: 1, significand: -sum, exponent } : { sign: 0, significand: sum, exponent };
}

/** `small`, or a sticky bit in its place: far enough below `large` it counts only that there is something. */
function reach(large: Exact, small: Exact): Exact {
  const lowest = leadingExponent(large) - GUARD;
  return leadingExponent(small) >= lowest ? small : { sign: small.sign, significand: 1n, exponent: lowest };
}

export const mulExact = (a: Exact, b: Exact): Exact => ({
  sign: a.sign === b.sign ? 0 : 1,
  significand: a.significand * b.significand,
  exponent: a.exponent + b.exponent,
});

/** a / b to at least 66 bits and a sticky one, for significands of up to 64 bits. */
export function divExact(a: Exact, b: Exact): Exact {
  const shift = Math.max(0, 67 + bitLength(b.significand) - bitLength(a.significand));
  const dividend = a.significand << BigInt(shift);
  const quotient = dividend / b.significand;
  const sticky = quotient * b.significand === dividend ? 0n : 1n;
  return { sign: a.sign === b.sign ? 0 : 1, significand: (quotient << 1n) | sticky, exponent: a.exponent - b.exponent - shift - 1 };
}

/** The square root of a positive number, to at least 67 bits and a sticky one. */
export function sqrtExact({ significand, exponent }: Exact): Exact {
  const short = Math.max(0, 134 - bitLength(significand));
  const shift = ((exponent - short) & 1) === 0 ? short : short + 1;
  const radicand = significand << BigInt(shift);
  const root = integerSqrt(radicand);
  const sticky = root * root === radicand ? 0n : 1n;
  return { sign: 0, significand: (root << 1n) | sticky, exponent: (exponent - shift) / 2 - 1 };
}

/** floor(sqrt(n)), by Newton's iteration from above. */
export function integerSqrt(n: bigint): bigint {
  if (n < 2n) return n;
  let root = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
