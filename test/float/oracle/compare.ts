// FCOM and its kin.

import { IE, raise } from '../../../src/cpu/float/environment.ts';
import type { FloatEnvironment } from '../../../src/cpu/float/environment.ts';
import { unpack } from '../../../src/cpu/float/encoding.ts';
import type { Unpacked } from '../../../src/cpu/float/encoding.ts';
import { leadingExponent } from '../../../src/cpu/float/format.ts';
import { denormalOperands } from '../../../src/cpu/float/invalid.ts';

export type Comparison = 'less' | 'equal' | 'greater' | 'unordered';

/**
 * a against b; zeros are equal whatever their signs. A NaN makes the result unordered and raises IE; with `quiet` (FUCOM,
 * FUCOMI) a QNaN does not raise it. Null if an exception is not masked: the condition codes or flags stay as they were.
 */
export function compare(env: FloatEnvironment, a: bigint, b: bigint, { quiet }: { quiet: boolean }): Comparison | null {
  const x = unpack(a);
  const y = unpack(b);
  env.roundedUp = false;
  const unordered = [x, y].filter(({ kind }) => kind === 'unsupported' || kind === 'snan' || kind === 'qnan');
  if (unordered.length > 0) {
    const isInvalid = !quiet || unordered.some(({ kind }) => kind !== 'qnan');
    return isInvalid && !raise(env, IE) ? null : 'unordered';
  }
  if (!denormalOperands(env, x, y)) return null;
  const difference = order(x, y);
  return difference < 0 ? 'less' : difference > 0 ? 'greater' : 'equal';
}

function order(x: Unpacked, y: Unpacked): number {
  if (x.kind === 'zero' && y.kind === 'zero') return 0;
  if (x.kind === 'zero') return y.sign === 1 ? 1 : -1;
  if (y.kind === 'zero' || x.sign !== y.sign) return x.sign === 1 ? -1 : 1;
  return x.sign === 1 ? -magnitudeOrder(x, y) : magnitudeOrder(x, y);
}

/** Compares the magnitudes of two numbers that are not 0. */
function magnitudeOrder(x: Unpacked, y: Unpacked): number {
  if (x.kind === 'infinity' || y.kind === 'infinity') return Number(x.kind === 'infinity') - Number(y.kind === 'infinity');
  const exponents = leadingExponent(x) - leadingExponent(y);
  if (exponents !== 0) return exponents;
  const shift = x.exponent - y.exponent; // both have at most 64 bits, so at most 63 either way
  const left = shift > 0 ? x.significand << BigInt(shift) : x.significand;
  const right = shift < 0 ? y.significand << BigInt(-shift) : y.significand;
  return left < right ? -1 : left > right ? 1 : 0;
}
