// The pages of a base into which cycles are merged: those of the base, and over them the latest ones of the cycles. Merging a cycle
// copies nothing. It takes the cycle's slots over, and gives those back whose pages they replace.

import type { MemoryImage } from '../snapshot/memory-image.ts';
import type { PagePool } from './page-pool.ts';
import type { PooledPages } from './pooled-pages.ts';
import { SlotTable } from './slot-table.ts';

export class MergedPages implements MemoryImage {
  /** Those that no cycle has replaced. */
  private readonly original: Map<number, Uint8Array>;
  private readonly merged = new SlotTable();

  constructor(
    private readonly pool: PagePool,
    base: MemoryImage,
  ) {
    this.original = new Map(base);
  }

  /** What `pages` has, which lies in the same pool, replaces what was there. The slots of the pages are this map's from here on. */
  adopt({ gfns, slots }: PooledPages): void {
    for (let n = 0; n < gfns.length; n++) this.put(gfns[n]!, slots[n]!);
  }

  /** The same with copies of the pages. */
  add(pages: MemoryImage): void {
    for (const [gfn, page] of pages) {
      const slot = this.pool.take();
      this.pool.fill(slot, page);
      this.put(gfn, slot);
    }
  }

  private put(gfn: number, slot: number): void {
    const before = this.merged.put(gfn, slot);
    if (before < 0) this.original.delete(gfn);
    else this.pool.release(before);
  }

  /** Somebody may read what is here now for as long as he likes. */
  lend(): void {
    for (const [, slot] of this.merged) this.pool.lend(slot);
  }

  get size(): number {
    return this.original.size + this.merged.size;
  }

  has(gfn: number): boolean {
    return this.merged.get(gfn) >= 0 || this.original.has(gfn);
  }

  get(gfn: number): Uint8Array | undefined {
    const slot = this.merged.get(gfn);
    return slot < 0 ? this.original.get(gfn) : this.pool.page(slot);
  }

  *entries(): MapIterator<[number, Uint8Array]> {
    yield* this.original;
    for (const [gfn, slot] of this.merged) yield [gfn, this.pool.page(slot)];
  }

  *keys(): MapIterator<number> {
    for (const [gfn] of this.entries()) yield gfn;
  }

  *values(): MapIterator<Uint8Array> {
    for (const [, page] of this.entries()) yield page;
  }

  [Symbol.iterator](): MapIterator<[number, Uint8Array]> {
    return this.entries();
  }

  forEach(visit: (page: Uint8Array, gfn: number, pages: MemoryImage) => void): void {
    for (const [gfn, page] of this) visit(page, gfn, this);
  }
}
