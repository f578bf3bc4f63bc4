// The meaning that src/cpu/float/core has, written again on bigints of any length: slow, plain, and to compare with.
//
// FADD, FSUB, FMUL, FDIV, FSQRT: the operations that obey precision control. Null means that there is no result: an exception
// found before the operation is not masked.

import { Rounding, ZE, raise } from '../../../src/cpu/float/environment.ts';
import type { FloatEnvironment } from '../../../src/cpu/float/environment.ts';
import { chs, infinity, unpack, pack, zero } from '../../../src/cpu/float/encoding.ts';
import type { Unpacked } from '../../../src/cpu/float/encoding.ts';
import { divExact, mulExact } from '../../../src/cpu/float/exact.ts';
import { EXTENDED } from '../../../src/cpu/float/format.ts';
import type { Exact, FloatFormat } from '../../../src/cpu/float/format.ts';
import { denormalOperands, invalid, specialOperand } from '../../../src/cpu/float/invalid.ts';
import { deliver } from '../../../src/cpu/float/result.ts';
import { addExact, sqrtExact } from './exact.ts';

/** What an exponent out of the range of registers is adjusted by. */
const BIAS_ADJUST = 24576;

/** Rounds a value that is not 0 to the register format. */
function toRegister(env: FloatEnvironment, value: Exact, format: FloatFormat): bigint {
  const result = deliver(env, value, format, BIAS_ADJUST)!; // never null: registers take the adjusted result
  return result.infinite ? infinity(result.sign) : pack(result);
}

const rounded = (env: FloatEnvironment, value: Exact): bigint => toRegister(env, value, { ...EXTENDED, precision: env.precision });

const signOfProduct = (a: Exact, b: Exact): 0 | 1 => (a.sign === b.sign ? 0 : 1);

/** a + b. */
export function add(env: FloatEnvironment, a: bigint, b: bigint): bigint | null {
  return sum(env, unpack(a), unpack(b));
}

/** a - b. A NaN keeps its sign. */
export function sub(env: FloatEnvironment, a: bigint, b: bigint): bigint | null {
  const y = unpack(b);
  const isNumber = y.kind === 'zero' || y.kind === 'finite' || y.kind === 'infinity';
  return sum(env, unpack(a), isNumber ? unpack(chs(b)) : y);
}

function sum(env: FloatEnvironment, a: Unpacked, b: Unpacked): bigint | null {
  const special = specialOperand(env, a, b);
  if (special !== undefined) return special;
  const infinite = a.kind === 'infinity' ? a : b.kind === 'infinity' ? b : null;
  if (a.kind === 'infinity' && b.kind === 'infinity' && a.sign !== b.sign) return invalid(env);
  if (!denormalOperands(env, a, b)) return null;
  env.roundedUp = false;
  if (infinite) return infinity(infinite.sign);
  if (a.kind === 'zero' && b.kind === 'zero') return zero(a.sign === b.sign ? a.sign : signOfZeroSum(env));
  if (a.kind === 'zero') return rounded(env, b);
  if (b.kind === 'zero') return rounded(env, a);
  const value = addExact(a, b);
  return value.significand === 0n ? zero(signOfZeroSum(env)) : rounded(env, value);
}

/** The sign of a sum of exactly 0 whose operands have unlike signs. */
const signOfZeroSum = (env: FloatEnvironment): 0 | 1 => (env.rounding === Rounding.DOWN ? 1 : 0);

/** a * b. */
export function mul(env: FloatEnvironment, a: bigint, b: bigint): bigint | null {
  const x = unpack(a);
  const y = unpack(b);
  const special = specialOperand(env, x, y);
  if (special !== undefined) return special;
  const hasInfinity = x.kind === 'infinity' || y.kind === 'infinity';
  const hasZero = x.kind === 'zero' || y.kind === 'zero';
  if (hasInfinity && hasZero) return invalid(env);
  if (!denormalOperands(env, x, y)) return null;
  env.roundedUp = false;
  if (hasInfinity) return infinity(signOfProduct(x, y));
  return hasZero ? zero(signOfProduct(x, y)) : rounded(env, mulExact(x, y));
}

/** a / b. */
export function div(env: FloatEnvironment, a: bigint, b: bigint): bigint | null {
  const x = unpack(a);
  const y = unpack(b);
  const special = specialOperand(env, x, y);
  if (special !== undefined) return special;
  const sign = signOfProduct(x, y);
  if (x.kind === y.kind && (x.kind === 'infinity' || x.kind === 'zero')) return invalid(env);
  env.roundedUp = false;
  if (y.kind === 'zero' && x.kind === 'finite') return raise(env, ZE) ? infinity(sign) : null;
  if (!denormalOperands(env, x, y)) return null;
  if (x.kind === 'infinity' || y.kind === 'zero') return infinity(sign);
  return x.kind === 'zero' || y.kind === 'infinity' ? zero(sign) : rounded(env, divExact(x, y));
}

/** The square root; of -0 it is -0. */
export function sqrt(env: FloatEnvironment, a: bigint): bigint | null {
  const x = unpack(a);
  const special = specialOperand(env, x);
  if (special !== undefined) return special;
  if (x.sign === 1 && x.kind !== 'zero') return invalid(env);
  if (!denormalOperands(env, x)) return null;
  env.roundedUp = false;
  return x.kind === 'finite' ? rounded(env, sqrtExact(x)) : a;
}
