// Environments and operands for tests of the floating-point arithmetic.

import { fromFloat64, toFloat64 } from '../../src/cpu/float/index.ts';
import type { FloatEnvironment } from '../../src/cpu/float/index.ts';

/** As FNINIT leaves it, but for what is given. */
export const environment = (changes: Partial<FloatEnvironment> = {}): FloatEnvironment => ({
  rounding: 0,
  precision: 64,
  masks: 0x3f,
  flags: 0,
  roundedUp: false,
  ...changes,
});

/** A double as 80 raw bits. */
export function extended(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  return fromFloat64(environment(), view.getBigUint64(0))!;
}

/** 80 raw bits as the nearest double. */
export function double(bits: bigint | null): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, toFloat64(environment(), bits!)!);
  return view.getFloat64(0);
}
