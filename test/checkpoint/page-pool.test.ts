import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MergedPages } from '../../src/checkpoint/merged-pages.ts';
import { PagePool } from '../../src/checkpoint/page-pool.ts';
import { PooledPages } from '../../src/checkpoint/pooled-pages.ts';

const PAGE = 4096;
const CHUNK = 8;
const filled = (value: number): Uint8Array => new Uint8Array(PAGE).fill(value);

/** Pages with these numbers, each full of `value`, in slots of the pool. */
function pooled(pool: PagePool, gfns: readonly number[], value: number): PooledPages {
  const slots = Uint32Array.from(gfns, () => pool.take());
  for (const slot of slots) pool.fill(slot, filled(value));
  return new PooledPages(pool, Uint32Array.from(gfns), slots);
}

describe('a pool of pages', () => {
  it('takes slots again that were given back, and asks for no more memory', () => {
    const pool = new PagePool(CHUNK);
    for (let n = 0; n < 100; n++) pooled(pool, [1, 2, 3, 4, 5, 6, 7, 8, 9], n).release();
    expect(pool.bytes).toBe(2 * CHUNK * PAGE);
  });

  it('gives the pages of a cycle slots in a row, also after others were given back', () => {
    const pool = new PagePool(CHUNK);
    for (let n = 0; n < 3; n++) {
      const pages = pooled(pool, [1, 2, 3, 4, 5], n);
      expect([...pages.slots]).toEqual([0, 1, 2, 3, 4]);
      pages.release();
    }
  });

  it('does not let a slot be given back twice', () => {
    const pool = new PagePool(CHUNK);
    const pages = pooled(pool, [1], 1);
    pages.release();
    expect(() => pages.release()).toThrow('a slot is given back once');
  });

  it('never changes what was lent, and drops a chunk of which nothing is of use any more', () => {
    const pool = new PagePool(CHUNK);
    const lent = pooled(pool, [0, 1, 2, 3, 4, 5, 6, 7], 7);
    lent.lend();
    const views = [...lent.values()];
    lent.release();
    expect(pool.bytes).toBe(0);
    pooled(pool, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 1);
    expect(views.every((page) => page.every((byte) => byte === 7))).toBe(true);
  });

  it('holds bytes of any length', () => {
    const pool = new PagePool(CHUNK);
    const bytes = Uint8Array.from({ length: 3 * PAGE + 5 }, (_, n) => n % 251);
    const slots = new Uint32Array(6);
    pool.put(bytes, slots, 2);
    expect(Buffer.compare(pool.read(slots, 2, bytes.length), bytes)).toBe(0);
  });

  it('says once to whom slots belong', () => {
    const [pool, other] = [new PagePool(CHUNK), new PagePool(CHUNK)];
    const pages = pooled(pool, [1], 1);
    expect([pages.claimFor(pool), pages.claimFor(pool)]).toEqual([true, false]);
    expect(pooled(pool, [1], 1).claimFor(other)).toBe(false);
  });
});

describe('pages in a pool', () => {
  const pages = pooled(new PagePool(CHUNK), [7, 3, 0x123456], 9);

  it('are a map in the order of their reports', () => {
    expect(pages.size).toBe(3);
    expect([...pages.keys()]).toEqual([7, 3, 0x123456]);
    expect([...pages.entries()]).toEqual([...new Map([7, 3, 0x123456].map((gfn) => [gfn, filled(9)]))]);
    expect([pages.has(3), pages.has(4), pages.get(4), pages.get(7)?.[0]]).toEqual([true, false, undefined, 9]);
    const seen: number[] = [];
    pages.forEach((page, gfn) => seen.push(gfn, page.length));
    expect(seen).toEqual([7, PAGE, 3, PAGE, 0x123456, PAGE]);
  });
});

/** A cycle: page numbers, and whether it is of the pool or comes from elsewhere, lent or not. */
const CYCLE = fc.record({
  gfns: fc.uniqueArray(fc.integer({ min: 0, max: 40 }).map((n) => n * 97)),
  isOwn: fc.boolean(),
  isLent: fc.boolean(),
});

describe('pages that cycles are merged into', () => {
  it('are those of a map, whatever is merged, and what was lent stays', () => {
    fc.assert(
      fc.property(fc.array(CYCLE, { maxLength: 12 }), (cycles) => {
        const pool = new PagePool(CHUNK);
        const base = new Map([0, 97, 1000].map((gfn) => [gfn, filled(255)]));
        const merged = new MergedPages(pool, base);
        const model = new Map(base);
        const lent: [Uint8Array, number][] = [];
        cycles.forEach(({ gfns, isOwn, isLent }, n) => {
          if (isOwn) {
            const pages = pooled(pool, gfns, n);
            if (isLent) {
              pages.lend();
              for (const page of pages.values()) lent.push([page, n]);
            }
            merged.adopt(pages);
          } else merged.add(new Map(gfns.map((gfn) => [gfn, filled(n)])));
          for (const gfn of gfns) model.set(gfn, filled(n));
        });
        expect(merged.size).toBe(model.size);
        expect([...merged.keys()].sort((a, b) => a - b)).toEqual([...model.keys()].sort((a, b) => a - b));
        for (const [gfn, page] of model) expect(merged.has(gfn) && Buffer.compare(merged.get(gfn)!, page)).toBe(0);
        expect(merged.has(5)).toBe(false);
        for (const [page, value] of lent) expect(page[0]).toBe(value);
        expect([...base.keys()]).toEqual([0, 97, 1000]);
      }),
    );
  });
});
