// Where a page has its element in the arrays that hold something for every page of RAM: its *place*.
//
// Guest-physical addresses are cut into ranges of 2 MiB. A range that a memslot touches has 512 places in a row; all others
// share the first 512, whose elements are always 0. So the arrays cost what RAM needs, wherever it lies, and a look-up is one
// load. The table for it is in the linear memory: any thread that has the memory finds the same places.

import type { LinearMemory } from './linear-memory.ts';
import { PAGE_SIZE } from './paging-units.ts';
import type { MachineShape, MemoryPlan, RegionRequest } from './state/regions.ts';

/** Pages of a range. */
export const RANGE_PAGES = 512;
const RANGE_SHIFT = 9;
/** Ranges beyond what RAM fills. A memslot touches at most two that it does not fill, so 64 memslots fit wherever they lie. */
const SPARE_RANGES = 128;

const rangesBelow = (gfnLimit: number): number => Math.ceil(gfnLimit / RANGE_PAGES);

/** Ranges that can have places at one time. */
export const rangesOf = ({ gfnLimit, ramBytes }: MachineShape): number =>
  Math.min(rangesBelow(gfnLimit), Math.ceil(ramBytes / (RANGE_PAGES * PAGE_SIZE)) + SPARE_RANGES);

/** Length of an array with an element for each place. */
export const placesOf = (shape: MachineShape): number => RANGE_PAGES * (rangesOf(shape) + 1);

/** Pages that can be RAM at one time: the length of a list in which no page stands twice. */
export const ramPagesOf = ({ ramBytes }: MachineShape): number => ramBytes / PAGE_SIZE;

/** `places`: the first place, a u32 by range. */
export const placesRegion = ({ gfnLimit }: MachineShape): RegionRequest => ({ name: 'places', bytes: 4 * rangesBelow(gfnLimit) });

/** Whether a place is that of one page alone. */
export const isOwnPlace = (place: number): boolean => place >= RANGE_PAGES;

export class PagePlaces {
  /** GFNs below this may have a place. */
  readonly gfnLimit: number;
  /** By range, the place of its first page: 0 for one without places of its own. Written by mmu/range-places.ts alone. */
  readonly first: Uint32Array;

  constructor(memory: LinearMemory, plan: MemoryPlan, shape: MachineShape) {
    this.gfnLimit = shape.gfnLimit;
    this.first = new Uint32Array(memory.memory.buffer, plan.places!.offset, rangesBelow(shape.gfnLimit));
  }

  /**
   * Place of page `gfn` (below 2^32); one of the shared first ones if there is no RAM near. It does without a check, so that it is
   * short enough to be inlined: beyond the limit the load gives undefined, which counts as 0.
   */
  of(gfn: number): number {
    return (this.first[gfn >>> RANGE_SHIFT]! | 0) + (gfn & (RANGE_PAGES - 1));
  }

  /** Visits the places of the pages [gfn, gfn + count) as runs [from, to), where they have any. */
  forEachRun(gfn: number, count: number, visit: (from: number, to: number) => void): void {
    const end = Math.min(gfn + count, this.gfnLimit);
    for (let at = gfn; at < end; ) {
      const next = Math.min(end, (Math.floor(at / RANGE_PAGES) + 1) * RANGE_PAGES);
      const from = this.of(at);
      if (isOwnPlace(from)) visit(from, from + next - at);
      at = next;
    }
  }

  /** Visits every page that has a place, by ascending GFN. */
  forEach(visit: (gfn: number, place: number) => void): void {
    for (let range = 0; range < this.first.length; range++) {
      const gfn = range * RANGE_PAGES;
      const place = this.of(gfn);
      if (!isOwnPlace(place)) continue;
      for (let i = 0; i < RANGE_PAGES; i++) visit(gfn + i, place + i);
    }
  }
}
