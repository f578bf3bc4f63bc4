// FSCALE and FXTRACT: operations on the exponent.

import { ZE, raise } from './environment.ts';
import type { FloatEnvironment } from './environment.ts';
import { infinity, pack, unpack, zero } from './encoding.ts';
import type { Unpacked } from './encoding.ts';
import { bitLength, leadingExponent } from './format.ts';
import { fromInteger } from './integers.ts';
import { denormalOperands, invalid, specialOperand } from './invalid.ts';
import { toRegister } from './result.ts';

/** FSCALE: a * 2^trunc(b). Null for no result. */
export function scale(env: FloatEnvironment, a: bigint, b: bigint): bigint | null {
  const x = unpack(a);
  const y = unpack(b);
  const special = specialOperand(env, x, y);
  if (special !== undefined) return special;
  if (y.kind === 'infinity' && x.kind === (y.sign === 1 ? 'infinity' : 'zero')) return invalid(env);
  if (!denormalOperands(env, x, y)) return null;
  env.roundedUp = false;
  if (y.kind === 'infinity') return y.sign === 1 ? zero(x.sign) : infinity(x.sign);
  if (x.kind !== 'finite') return a;
  return toRegister(env, { ...x, exponent: x.exponent + steps(y) });
}

/** More than any exponent can move within the format and its adjustment. */
const FAR = 0x10000;

/** The integer part of a scale factor, kept within +-FAR. */
function steps(y: Unpacked): number {
  if (y.kind === 'zero' || leadingExponent(y) < 0) return 0;
  const magnitude = leadingExponent(y) > 15 ? FAR : Number(y.significand >> BigInt(-y.exponent));
  return y.sign === 1 ? -magnitude : magnitude;
}

export interface Extracted {
  /** The unbiased exponent, as a number in the register format. */
  readonly exponent: bigint;
  /** The significand with the sign of the operand, between 1 and 2. */
  readonly significand: bigint;
}

/** FXTRACT. Of 0 the exponent is minus infinity, with ZE. Null for no result. */
export function extract(env: FloatEnvironment, x: bigint): Extracted | null {
  const number = unpack(x);
  const special = specialOperand(env, number);
  if (special !== undefined) return special === null ? null : { exponent: special, significand: special };
  env.roundedUp = false;
  if (number.kind === 'zero') return raise(env, ZE) ? { exponent: infinity(1), significand: x } : null;
  if (!denormalOperands(env, number)) return null;
  if (number.kind === 'infinity') return { exponent: infinity(0), significand: x };
  const { sign, significand } = number;
  return {
    exponent: fromInteger(BigInt(leadingExponent(number))),
    significand: pack({ sign, significand, exponent: 1 - bitLength(significand) }),
  };
}
