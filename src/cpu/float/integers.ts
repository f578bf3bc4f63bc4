// FILD, FIST, FISTTP, FRNDINT: between the register format and integers.

import { Rounding } from './environment.ts';
import type { FloatEnvironment } from './environment.ts';
import { core, controlOf, memoryResult, registerOf, registerResult, significandOf, wordOf } from './exact-core.ts';

/** FILD: a signed integer of up to 64 bits. Always exact. */
export const fromInteger = (x: bigint): bigint => registerOf(core().fromInteger(x));

/**
 * FIST (by RC) or, with `truncate`, FISTTP, to `bytes` bytes: a signed bigint. What cannot be represented raises IE and gives
 * the integer indefinite, the most negative one; null if IE is not masked: nothing is to be stored or popped.
 */
export function toInteger(env: FloatEnvironment, x: bigint, bytes: 2 | 4 | 8, { truncate }: { truncate: boolean }): bigint | null {
  const control = controlOf(truncate ? { ...env, rounding: Rounding.TOWARD_ZERO } : env);
  return memoryResult(env, core().toInteger(significandOf(x), wordOf(x), 8 * bytes, control));
}

/** FRNDINT: to an integer by RC, in the register format; a result of 0 keeps the sign. Null for no result. */
export const roundToInteger = (env: FloatEnvironment, x: bigint): bigint | null =>
  registerResult(env, core().roundToInteger(significandOf(x), wordOf(x), controlOf(env)));
