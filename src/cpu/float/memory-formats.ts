// FLD and FST of single and double precision.

import type { FloatEnvironment } from './environment.ts';
import { core, controlOf, memoryResult, registerResult, significandOf, wordOf } from './exact-core.ts';

/** FLD m32fp: 32 raw bits to 80. An SNaN raises IE and is made quiet, a denormal raises DE; null if that is not masked. */
export const fromFloat32 = (env: FloatEnvironment, bits: bigint): bigint | null => registerResult(env, core().load32(bits, controlOf(env)));

/** FLD m64fp: 64 raw bits to 80, as `fromFloat32`. */
export const fromFloat64 = (env: FloatEnvironment, bits: bigint): bigint | null => registerResult(env, core().load64(bits, controlOf(env)));

/**
 * FST m32fp: 80 raw bits to 32, rounded by RC. Raises IE (SNaN, unsupported), OE, UE, PE; null if IE, OE or UE is raised and
 * not masked: nothing is to be stored or popped. PE never keeps the result from being stored.
 */
export const toFloat32 = (env: FloatEnvironment, x: bigint): bigint | null =>
  memoryResult(env, core().store32(significandOf(x), wordOf(x), controlOf(env)));

/** FST m64fp: 80 raw bits to 64, as `toFloat32`. */
export function toFloat64(env: FloatEnvironment, x: bigint): bigint | null {
  const bits = memoryResult(env, core().store64(significandOf(x), wordOf(x), controlOf(env)));
  return bits === null ? null : BigInt.asUintN(64, bits);
}
