// Pages by number, in slots of a pool: a map that has no object for a page until somebody asks for one.

import type { MemoryImage } from '../snapshot/memory-image.ts';
import type { PagePool } from './page-pool.ts';

export class PooledPages implements MemoryImage {
  private indices: Map<number, number> | null = null;
  private isClaimed = false;

  /**
   * Page gfns[n] lies in slot slots[n]; no page twice. The slots behind those of the pages hold something that is lent and given back
   * with them.
   */
  constructor(
    readonly pool: PagePool,
    readonly gfns: Uint32Array,
    readonly slots: Uint32Array,
  ) {}

  get size(): number {
    return this.gfns.length;
  }

  /** Whether the caller, whose pool is `pool`, is to give the slots back: it is, once. */
  claimFor(pool: PagePool): boolean {
    const isFirst = pool === this.pool && !this.isClaimed;
    this.isClaimed = true;
    return isFirst;
  }

  /** Somebody may read the pages for as long as he likes. */
  lend(): void {
    for (const slot of this.slots) this.pool.lend(slot);
  }

  /** Gives the slots back: nobody asks for a page any more. */
  release(): void {
    this.releaseFrom(0);
  }

  /** The pages' slots are somebody else's by now: gives the others back. */
  releaseRest(): void {
    this.releaseFrom(this.size);
  }

  private releaseFrom(first: number): void {
    // The first one last: it is taken first again, and pages lie in a row again.
    for (let n = this.slots.length - 1; n >= first; n--) this.pool.release(this.slots[n]!);
  }

  has(gfn: number): boolean {
    return this.index.has(gfn);
  }

  get(gfn: number): Uint8Array | undefined {
    const n = this.index.get(gfn);
    return n === undefined ? undefined : this.pool.page(this.slots[n]!);
  }

  *entries(): MapIterator<[number, Uint8Array]> {
    for (let n = 0; n < this.size; n++) yield [this.gfns[n]!, this.pool.page(this.slots[n]!)];
  }

  *keys(): MapIterator<number> {
    yield* this.gfns;
  }

  *values(): MapIterator<Uint8Array> {
    for (let n = 0; n < this.size; n++) yield this.pool.page(this.slots[n]!);
  }

  [Symbol.iterator](): MapIterator<[number, Uint8Array]> {
    return this.entries();
  }

  forEach(visit: (page: Uint8Array, gfn: number, pages: MemoryImage) => void): void {
    for (const [gfn, page] of this) visit(page, gfn, this);
  }

  private get index(): Map<number, number> {
    return (this.indices ??= new Map(Array.from(this.gfns, (gfn, n) => [gfn, n])));
  }
}
