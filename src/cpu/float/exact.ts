// The operations on numbers as such. They are exact, or give a sticky last bit where the result has no end. Significands are not 0.

import { bitLength } from './format.ts';
import type { Exact } from './format.ts';

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
