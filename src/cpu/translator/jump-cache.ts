// The jump cache of one vCPU: from the linear address of code to a region, direct-mapped. It lies in the linear memory, where the
// dispatcher can read it.

import type { LinearMemory } from '../../base/linear-memory.ts';

export const JUMP_ENTRY_SHIFT = 5;
const ENTRY_BYTES = 1 << JUMP_ENTRY_SHIFT;
const ENTRIES = 4096;
export const JUMP_CACHE_MASK = ENTRIES - 1;
export const JUMP_CACHE_BYTES = ENTRIES * ENTRY_BYTES;

/** Byte offsets in an entry. `key` 0 is an entry that holds nothing; `host` is the page the code was read from. */
export const JumpEntry = { linear: 0, key: 8, host: 12, region: 16, entry: 20 } as const;

/** `region`: index in the function table. `entry`: which of its entries. */
export interface RegionEntry {
  readonly region: number;
  readonly entry: number;
}

export class JumpCache {
  private readonly words: Uint32Array;

  /** `offset`: bytes from the start of the linear memory. */
  constructor(
    memory: LinearMemory,
    readonly offset: number,
  ) {
    this.words = new Uint32Array(memory.memory.buffer, offset, JUMP_CACHE_BYTES / 4);
  }

  private entryOf(linear: number): number {
    return (((linear | 0) ^ Math.floor(linear / 4096)) & JUMP_CACHE_MASK) << (JUMP_ENTRY_SHIFT - 2);
  }

  put(linear: number, key: number, host: number, { region, entry }: RegionEntry): void {
    const at = this.entryOf(linear);
    const { words } = this;
    words[at] = linear;
    words[at + 1] = Math.floor(linear / 2 ** 32);
    words[at + 2] = key;
    words[at + 3] = host;
    words[at + 4] = region;
    words[at + 5] = entry;
  }

  /** Forgets every way to one of `regions`. */
  drop(regions: ReadonlySet<number>): void {
    const { words } = this;
    for (let at = 0; at < words.length; at += ENTRY_BYTES / 4) if (words[at + 2] !== 0 && regions.has(words[at + 4]!)) words[at + 2] = 0;
  }

  clear(): void {
    this.words.fill(0);
  }
}
