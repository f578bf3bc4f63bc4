// A set of TLB entries as bits in two levels. A bit of the second says whether a word of the first has any, so that visiting the
// members costs what there are of them. The words lie in the linear memory.

export class EntrySet {
  /** `words`: a bit for each entry. `summary`: a bit for each word. */
  constructor(
    private readonly words: Uint32Array,
    private readonly summary: Uint32Array,
  ) {}

  has(entry: number): boolean {
    return (this.words[entry >>> 5]! & (1 << (entry & 31))) !== 0;
  }

  add(entry: number): void {
    const word = entry >>> 5;
    this.words[word] |= 1 << (entry & 31);
    this.summary[word >>> 5] |= 1 << (word & 31);
  }

  delete(entry: number): void {
    const word = entry >>> 5;
    this.words[word] &= ~(1 << (entry & 31));
    if (this.words[word] === 0) this.summary[word >>> 5] &= ~(1 << (word & 31));
  }

  clear(): void {
    this.words.fill(0);
    this.summary.fill(0);
  }

  /** The first member from `entry` on, or -1: `for (let at = set.next(0); at >= 0; at = set.next(at + 1))`. Members may go meanwhile. */
  next(entry: number): number {
    const { words, summary } = this;
    const word = entry >>> 5;
    if (word >= words.length) return -1;
    const here = words[word]! & (-1 << (entry & 31));
    if (here !== 0) return 32 * word + lowest(here);
    // The first word behind that is not empty.
    let group = (word + 1) >>> 5;
    let later = group < summary.length ? summary[group]! & (-1 << ((word + 1) & 31)) : 0;
    while (later === 0) {
      if (++group >= summary.length) return -1;
      later = summary[group]!;
    }
    const found = 32 * group + lowest(later);
    return 32 * found + lowest(words[found]!);
  }
}

const lowest = (bits: number): number => 31 - Math.clz32(bits & -bits);
