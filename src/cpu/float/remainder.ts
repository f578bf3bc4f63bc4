// FPREM and FPREM1.

import type { FloatEnvironment } from './environment.ts';
import { SIGN_BIT, unpack } from './encoding.ts';
import type { Unpacked } from './encoding.ts';
import { leadingExponent } from './format.ts';
import type { Exact } from './format.ts';
import { denormalOperands, invalid, specialOperand } from './invalid.ts';
import { toRegister } from './result.ts';

export interface Remainder {
  /** The remainder, or what is left to be reduced. */
  readonly value: bigint;
  /** The three low bits of the quotient's magnitude: bit 2 is C0, bit 1 C3, bit 0 C1. 0 while the remainder is partial. */
  readonly quotient: number;
  /** C2: the reduction is not complete. */
  readonly partial: boolean;
}

/** Exponent steps that one execution reduces completely. */
const COMPLETE = 64;

/**
 * The remainder of a / b, for a quotient rounded toward zero (FPREM) or, with `nearest`, to the nearest integer (FPREM1). It
 * is exact; precision control does not matter. If the exponents are 64 or more apart, the result is a partial remainder, as
 * in the SDM's pseudo-code with its N = 32 + D mod 32. Null for no result.
 */
export function remainder(env: FloatEnvironment, a: bigint, b: bigint, { nearest }: { nearest: boolean }): Remainder | null {
  const x = unpack(a);
  const y = unpack(b);
  const special = specialOperand(env, x, y);
  if (special !== undefined) return whole(special);
  if (x.kind === 'infinity' || y.kind === 'zero') return whole(invalid(env));
  if (!denormalOperands(env, x, y)) return null;
  env.roundedUp = false;
  if (x.kind === 'zero') return whole(a);
  if (y.kind === 'infinity') return whole(toRegister(env, x));
  return reduce(env, x, y, nearest);
}

const whole = (value: bigint | null): Remainder | null => (value === null ? null : { value, quotient: 0, partial: false });

function reduce(env: FloatEnvironment, x: Unpacked, y: Unpacked, nearest: boolean): Remainder {
  const apart = leadingExponent(x) - leadingExponent(y);
  if (apart < -1) return { value: toRegister(env, x), quotient: 0, partial: false };
  if (apart < COMPLETE) {
    const { rest, quotient } = divide(x, y, nearest);
    return { value: result(env, x.sign, rest), quotient: Number(quotient & 7n), partial: false };
  }
  const unit = { ...y, exponent: y.exponent + apart - (32 + (apart % 32)) };
  return { value: result(env, x.sign, divide(x, unit, false).rest), quotient: 0, partial: true };
}

/** |x| divided by |y|; the rest has the sign of x, or the other one if the quotient was rounded up. */
function divide(x: Exact, y: Exact, nearest: boolean): { rest: Exact; quotient: bigint } {
  const exponent = Math.min(x.exponent, y.exponent);
  const dividend = x.significand << BigInt(x.exponent - exponent);
  const divisor = y.significand << BigInt(y.exponent - exponent);
  const quotient = dividend / divisor;
  const significand = dividend - quotient * divisor;
  const twice = 2n * significand;
  if (nearest && (twice > divisor || (twice === divisor && (quotient & 1n) === 1n))) {
    return { rest: { sign: x.sign === 1 ? 0 : 1, significand: divisor - significand, exponent }, quotient: quotient + 1n };
  }
  return { rest: { sign: x.sign, significand, exponent }, quotient };
}

/** A remainder of 0 has the sign of the dividend. */
const result = (env: FloatEnvironment, sign: 0 | 1, rest: Exact): bigint =>
  rest.significand === 0n ? (sign === 1 ? SIGN_BIT : 0n) : toRegister(env, rest);
