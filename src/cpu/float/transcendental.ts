// What the transcendental instructions have in common. Their results are computed to many more bits and rounded once, by RC, to
// the register format; precision control does not matter.

import { PE, UE } from './environment.ts';
import type { FloatEnvironment } from './environment.ts';
import { toRegister } from './result.ts';
import { unpack } from './encoding.ts';
import type { Exact } from './format.ts';

/** Bits computed beyond the leading one, far more than the 64 that are kept. */
export const WORKING_BITS = 200;
/** Arguments below 2^-FAINT differ from their sine, tangent or arc tangent only in what follows the kept bits. */
export const FAINT = 70;

/** A fixed-point number as an inexact value: its last bit is a sticky one. */
export const inexact = (x: bigint, bits: number): Exact => ({
  sign: x < 0n ? 1 : 0,
  significand: ((x < 0n ? -x : x) << 1n) | 1n,
  exponent: -bits - 1,
});

/** A value next to `x`: nearer to 0 or farther from it by much less than half a unit of any kept bit. */
export const nextTo = (x: Exact, side: 'below' | 'above'): Exact => ({
  sign: x.sign,
  significand: (x.significand << 140n) + (side === 'above' ? 1n : -1n),
  exponent: x.exponent - 140,
});

/**
 * Rounds a result and raises PE, and UE if it is tiny. The few results that are exact (FYL2X of a power of two) are no exception:
 * the processor takes all for inexact.
 */
export function transcendental(env: FloatEnvironment, value: Exact): bigint {
  const result = toRegister(env, value);
  env.flags |= isDenormal(result) ? PE | UE : PE;
  return result;
}

const isDenormal = (bits: bigint): boolean => unpack(bits).denormal;
