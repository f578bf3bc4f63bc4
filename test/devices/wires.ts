import type { IrqLine } from '../../src/base/device.ts';
import type { DeviceMemory } from '../../src/base/platform.ts';

/** An interrupt line that remembers its level and counts rising edges. */
export class Wire implements IrqLine {
  level: 0 | 1 = 0;
  rises = 0;

  set(level: 0 | 1): void {
    if (level > this.level) this.rises++;
    this.level = level;
  }
}

/** Deterministic numbers in [0, 2^32): xorshift32. */
export function random(seed: number): () => number {
  let x = seed | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** A machine without memory. */
export const NO_MEMORY: DeviceMemory = {
  ranges: () => [],
  read: (_gpa, length) => new Uint8Array(length).fill(0xff),
  readByte: () => 0xff,
  write() {},
};
