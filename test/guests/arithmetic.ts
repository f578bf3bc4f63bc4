// guests/common/random.h once more, for oracles on the host.

export class Xorshift32 {
  constructor(private state: number) {}

  /** The next number, 0 … 2^32-1. */
  next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (this.state = x >>> 0);
  }
}

export const MIX_START = 2166136261;
export const mix = (hash: number, word: number): number => Math.imul(hash ^ word, 16777619) >>> 0;
export const hex = (word: number): string => word.toString(16).padStart(8, '0');
