// How many TLB entries are fragments of a larger page, counted by where such a page can lie: by bits 31:21, 31:22 and 31:30 of its
// linear address, for pages of 2 MiB, 4 MiB and 1 GiB. So an INVLPG outside larger pages is known to have no fragments to look for.

/** First count of each size of page, by log2 of its bytes. */
const FIRST = { 21: 0, 22: 2048, 30: 2048 + 1024 } as const;
const SIZES = [21, 22, 30] as const;
/** Counts there are. */
export const FRAGMENT_COUNTS = FIRST[30] + 4;

export class Fragments {
  constructor(private readonly counts: Uint16Array) {}

  /** One more (or less) fragment at linear address `low`, of a page of 2^shift bytes. */
  count(low: number, shift: number, change: 1 | -1): void {
    this.counts[FIRST[shift as (typeof SIZES)[number]] + (low >>> shift)] += change;
  }

  /** Whether any entry may be a fragment of a page around linear address `low`. */
  mayBeAround(low: number): boolean {
    const { counts } = this;
    return (counts[low >>> 21]! | counts[FIRST[22] + (low >>> 22)]! | counts[FIRST[30] + (low >>> 30)]!) !== 0;
  }

  clear(): void {
    this.counts.fill(0);
  }
}
