import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntrySet } from '../../src/mmu/entry-set.ts';
import { FRAGMENT_COUNTS, Fragments } from '../../src/mmu/fragments.ts';

const SIZE = 2240;
const newSet = (): EntrySet => new EntrySet(new Uint32Array(SIZE / 32), new Uint32Array(3));

function members(set: EntrySet): number[] {
  const found: number[] = [];
  for (let at = set.next(0); at >= 0; at = set.next(at + 1)) found.push(at);
  return found;
}

describe('the set of entries', () => {
  it('visits in order what was added and not deleted', () => {
    const entry = fc.oneof(fc.integer({ min: 0, max: SIZE - 1 }), fc.constantFrom(0, 31, 32, 63, 1023, 1024, 2047, 2048, SIZE - 1));
    fc.assert(
      fc.property(fc.array(fc.record({ entry, add: fc.boolean() })), (changes) => {
        const set = newSet();
        const model = new Set<number>();
        for (const { entry, add } of changes) {
          if (add) set.add(entry);
          else set.delete(entry);
          if (add) model.add(entry);
          else model.delete(entry);
          expect(set.has(entry)).toBe(add);
        }
        expect(members(set)).toEqual([...model].sort((a, b) => a - b));
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('goes on when the member at hand is deleted', () => {
    const set = newSet();
    for (const entry of [3, 40, 1030]) set.add(entry);
    const seen: number[] = [];
    for (let at = set.next(0); at >= 0; at = set.next(at + 1)) {
      seen.push(at);
      set.delete(at);
    }
    expect([seen, set.next(0)]).toEqual([[3, 40, 1030], -1]);
  });

  it('is empty once cleared', () => {
    const set = newSet();
    set.add(7);
    set.clear();
    expect([set.has(7), set.next(0)]).toEqual([false, -1]);
  });
});

describe('fragments of larger pages', () => {
  it.each([
    [21, 0xc0200000, 0xc03ff000, 0xc0400000],
    [22, 0xc0400000, 0xc07ff000, 0xc0800000],
    [30, 0x40000000, 0x7ffff000, 0x80000000],
  ])('of 2^%i bytes are known around their page alone', (shift, at, inside, outside) => {
    const fragments = new Fragments(new Uint16Array(FRAGMENT_COUNTS));
    fragments.count(at, shift, 1);
    fragments.count(inside, shift, 1);
    fragments.count(at, shift, -1);
    expect([at, inside, outside].map((low) => fragments.mayBeAround(low))).toEqual([true, true, false]);
    fragments.count(inside, shift, -1);
    expect(fragments.mayBeAround(at)).toBe(false);
  });
});
