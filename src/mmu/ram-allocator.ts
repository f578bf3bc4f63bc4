// Where memslots lie in the 'ram' region: first fit over the gaps between them.

import { PAGE_SIZE, alignUp } from '../base/paging-units.ts';

const LARGE_PAGE = 512 * PAGE_SIZE;
const MAX_SLACK = 8 * LARGE_PAGE;
const BYTES_PER_SLOT = 16 * LARGE_PAGE;

/**
 * Bytes to add to `ramBytes` of RAM. Placing a slot for large leaves wastes less than one large page: there is room for two slots
 * placed so, and one more for each 32 MiB of RAM, up to eight.
 */
export function ramSlack(ramBytes: number): number {
  if (ramBytes < LARGE_PAGE) return 0;
  return Math.min(MAX_SLACK, (2 + Math.floor(ramBytes / BYTES_PER_SLOT)) * LARGE_PAGE);
}

interface Extent {
  readonly hostOffset: number;
  readonly memorySize: number;
}

/** The next offset at or above `from` that equals `gpa` modulo the large page: only then can EPT map it by large leaves. */
const congruent = (from: number, gpa: number): number => alignUp(from - (gpa % LARGE_PAGE), LARGE_PAGE) + (gpa % LARGE_PAGE);

function firstFit(start: number, end: number, taken: readonly Extent[], bytes: number, place: (from: number) => number): number {
  let at = place(start);
  for (const { hostOffset, memorySize } of [...taken].sort((a, b) => a.hostOffset - b.hostOffset)) {
    if (at + bytes <= hostOffset) return at;
    at = Math.max(at, place(hostOffset + memorySize));
  }
  return at + bytes <= end ? at : -1;
}

/**
 * Host offset for a slot of `bytes` at `gpa` in [start, end), or -1 when no gap is large enough. A slot of 2 MiB or more is
 * placed congruent to its GPA modulo 2 MiB if that fits.
 */
export function placeSlot(start: number, end: number, taken: readonly Extent[], gpa: number, bytes: number): number {
  if (bytes >= LARGE_PAGE) {
    const at = firstFit(start, end, taken, bytes, (from) => congruent(from, gpa));
    if (at >= 0) return at;
  }
  return firstFit(start, end, taken, bytes, (from) => from);
}
