// Sums and roots of numbers as such, as src/cpu/float/exact.ts has products and quotients.

import { integerSqrt } from '../../../src/cpu/float/exact.ts';
import { bitLength, leadingExponent } from '../../../src/cpu/float/format.ts';
import type { Exact } from '../../../src/cpu/float/format.ts';

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

/** The square root of a positive number, to at least 67 bits and a sticky one. */
export function sqrtExact({ significand, exponent }: Exact): Exact {
  const short = Math.max(0, 134 - bitLength(significand));
  const shift = ((exponent - short) & 1) === 0 ? short : short + 1;
  const radicand = significand << BigInt(shift);
  const root = integerSqrt(radicand);
  const sticky = root * root === radicand ? 0n : 1n;
  return { sign: 0, significand: (root << 1n) | sticky, exponent: (exponent - shift) / 2 - 1 };
}
