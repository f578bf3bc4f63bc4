// KVM's dirty bitmap of one memslot: one bit a page, in whole 64-bit words. Reading it costs O(pages of the slot), by nature.

const WORD_BITS = 32;

export class DirtyBitmap {
  /** Bit n of word m: page 32m + n. As many words as whole 64-bit words have. */
  private readonly words: Uint32Array;

  constructor(readonly pages: number) {
    this.words = new Uint32Array(2 * DirtyBitmap.longs(pages));
  }

  /** 64-bit words of a bitmap of `pages` pages. */
  static longs(pages: number): number {
    return Math.ceil(pages / 64);
  }

  set(page: number): void {
    this.words[page >>> 5]! |= 1 << (page & 31);
  }

  /** All pages, and no bit beyond them. */
  setAll(): void {
    for (let page = 0; page < this.pages; page++) this.set(page);
  }

  /** Copies the bitmap to the start of `out`, which has room. */
  copyTo(out: BigUint64Array): void {
    out.set(new BigUint64Array(this.words.buffer));
  }

  /** Clears everything. Returns the pages whose bits were set. */
  takeAll(): number[] {
    const pages: number[] = [];
    this.words.forEach((bits, word) => this.clear(word, bits, pages));
    return pages;
  }

  /** Clears the bits that `mask` names from page `first` on, a multiple of 64, `count` pages. Returns those that were set. */
  take(first: number, count: number, mask: BigUint64Array): number[] {
    const pages: number[] = [];
    const bits = new Uint32Array(BigUint64Array.from(mask.subarray(0, DirtyBitmap.longs(count))).buffer);
    bits.forEach((named, n) => this.clear(first / WORD_BITS + n, named, pages));
    return pages;
  }

  private clear(word: number, named: number, pages: number[]): void {
    const taken = this.words[word]! & named;
    this.words[word]! &= ~taken;
    for (let bits = taken; bits !== 0; bits &= bits - 1) pages.push(word * WORD_BITS + 31 - Math.clz32(bits & -bits));
  }
}
