// What the x87 answers when operands are NaNs or encodings that it does not support.

import { DE, IE, raise } from './environment.ts';
import type { FloatEnvironment } from './environment.ts';
import { INDEFINITE, quietNaN } from './encoding.ts';
import type { Unpacked } from './encoding.ts';

const isNaN80 = ({ kind }: Unpacked): boolean => kind === 'qnan' || kind === 'snan';

/** An invalid operation: the indefinite QNaN, or null (no result) if IE is not masked. */
export function invalid(env: FloatEnvironment): bigint | null {
  env.roundedUp = false;
  return raise(env, IE) ? INDEFINITE : null;
}

/**
 * The result if an operand is a NaN or unsupported: null for no result, undefined if no operand is. Unsupported encodings come
 * before NaNs; signaling NaNs raise IE. (SDM vol. 1, "Rules for Handling NaNs" and "Floating-Point Exception Priority".)
 */
export function specialOperand(env: FloatEnvironment, a: Unpacked, b: Unpacked = a): bigint | null | undefined {
  if (a.kind === 'unsupported' || b.kind === 'unsupported') return invalid(env);
  if (!isNaN80(a) && !isNaN80(b)) return undefined;
  env.roundedUp = false;
  if ((a.kind === 'snan' || b.kind === 'snan') && !raise(env, IE)) return null;
  const { sign, significand } = chosenNaN(a, b);
  return quietNaN(sign, significand);
}

/** Of a QNaN and an SNaN the QNaN; of two of a kind the one with the larger significand, or else the positive one. */
function chosenNaN(a: Unpacked, b: Unpacked): Unpacked {
  if (!isNaN80(b)) return a;
  if (!isNaN80(a)) return b;
  if (a.kind !== b.kind) return a.kind === 'qnan' ? a : b;
  if (a.significand !== b.significand) return a.significand > b.significand ? a : b;
  return a.sign === 0 ? a : b;
}

/** Raises DE if an operand is denormal. False if there is to be no result. */
export function denormalOperands(env: FloatEnvironment, a: Unpacked, b: Unpacked = a): boolean {
  if (!a.denormal && !b.denormal) return true;
  env.roundedUp = false;
  return raise(env, DE);
}
