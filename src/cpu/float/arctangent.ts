// FPATAN.

import type { FloatEnvironment } from './environment.ts';
import { unpack, zero } from './encoding.ts';
import type { Unpacked } from './encoding.ts';
import { divExact } from './exact.ts';
import { leadingExponent } from './format.ts';
import type { Exact } from './format.ts';
import { denormalOperands, specialOperand } from './invalid.ts';
import { atanOf, pi } from './series.ts';
import { FAINT, WORKING_BITS, inexact, nextTo, transcendental } from './transcendental.ts';

/**
 * FPATAN: the angle of the point (x, y) = (ST(0), ST(1)), between -pi and pi, with the sign of y; signs of zeros count, and
 * infinities are points on the axes and diagonals (SDM vol. 2, FPATAN, table of results). Null for no result.
 */
export function arctangent(env: FloatEnvironment, x: bigint, y: bigint): bigint | null {
  const across = unpack(x);
  const up = unpack(y);
  const special = specialOperand(env, across, up);
  if (special !== undefined) return special;
  if (!denormalOperands(env, across, up)) return null;
  env.roundedUp = false;
  const angle = angleOf(across, up);
  return angle === null ? zero(up.sign) : transcendental(env, { ...angle, sign: up.sign });
}

/** Eighths of a turn. */
const eighths = (n: number): Exact => inexact((BigInt(n) * pi(WORKING_BITS)) >> 2n, WORKING_BITS);

/** The angle's magnitude; null if it is 0. */
function angleOf(x: Unpacked, y: Unpacked): Exact | null {
  const isLeft = x.sign === 1;
  if (y.kind === 'zero' || (x.kind === 'infinity' && y.kind !== 'infinity')) return isLeft ? eighths(4) : null;
  if (x.kind === 'infinity') return eighths(isLeft ? 3 : 1);
  if (x.kind === 'zero' || y.kind === 'infinity') return eighths(2);
  const steepness = leadingExponent(y) - leadingExponent(x);
  if (steepness < -FAINT && !isLeft) return { ...nextTo(divExact(y, x), 'below'), sign: 0 };
  const bits = WORKING_BITS + (steepness < -FAINT ? 0 : Math.max(0, -steepness));
  const acute = acuteAngle(x, y, bits);
  return inexact(isLeft ? pi(bits) - acute : acute, bits);
}

/** The angle between the line to (|x|, |y|) and the x axis. */
function acuteAngle(x: Exact, y: Exact, bits: number): bigint {
  const steepness = leadingExponent(y) - leadingExponent(x);
  // far apart, the angle is that of an axis as far as the bits go
  if (Math.abs(steepness) > 2 * WORKING_BITS) return steepness > 0 ? pi(bits) >> 1n : 0n;
  const shift = x.exponent - y.exponent;
  const across = shift > 0 ? x.significand << BigInt(shift) : x.significand;
  const up = shift < 0 ? y.significand << BigInt(-shift) : y.significand;
  const one = BigInt(bits);
  return up <= across ? atanOf((up << one) / across, bits) : (pi(bits) >> 1n) - atanOf((across << one) / up, bits);
}
