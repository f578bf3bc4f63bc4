// Which ranges of guest-physical addresses have places (base/page-places.ts): those that a memslot touches. Only the machine's
// own thread gives and takes them, under the machine's lock.

import { RANGE_PAGES } from '../base/page-places.ts';
import type { PagePlaces } from '../base/page-places.ts';

export class RangePlaces {
  /** Memslots that touch the range. */
  private readonly users: Uint16Array;
  /** The first places that no range has; the next to be given is last. */
  private readonly free: number[];

  /** Of a new machine, where no range has places yet. `ranges`: how many can have some at one time. */
  constructor(
    private readonly places: PagePlaces,
    readonly ranges: number,
  ) {
    this.users = new Uint16Array(places.first.length);
    this.free = Array.from({ length: ranges }, (_, n) => (ranges - n) * RANGE_PAGES);
  }

  /** A memslot is at the pages [gfn, gfn + count): gives them places. False, with nothing changed, if there are too few. */
  cover(gfn: number, count: number): boolean {
    const { users, free } = this;
    const { first } = this.places;
    let missing = 0;
    forEachRange(gfn, count, (range) => {
      if (users[range] === 0) missing++;
    });
    if (missing > free.length) return false;
    forEachRange(gfn, count, (range) => {
      if (users[range]!++ === 0) first[range] = free.pop()!;
    });
    return true;
  }

  /**
   * The memslot at the pages [gfn, gfn + count) is gone, and the elements of its pages are 0 again. A range that no memslot touches
   * any more loses its places; `last` hears of it before, by its first page.
   */
  uncover(gfn: number, count: number, last: (gfn: number) => void): void {
    const { users, free } = this;
    const { first } = this.places;
    forEachRange(gfn, count, (range) => {
      if (--users[range]! > 0) return;
      last(range * RANGE_PAGES);
      free.push(first[range]!);
      first[range] = 0;
    });
  }
}

function forEachRange(gfn: number, count: number, visit: (range: number) => void): void {
  for (let range = Math.floor(gfn / RANGE_PAGES); range * RANGE_PAGES < gfn + count; range++) visit(range);
}
