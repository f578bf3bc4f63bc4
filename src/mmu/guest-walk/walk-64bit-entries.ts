// PAE and 4-level paging (SDM vol. 3, "PAE Paging" and "4-Level Paging and 5-Level Paging"): tables of 512 64-bit entries.
// The two share page directories and page tables but for the reserved bits. The linear address comes as two halves.

import { HIGH_RESERVED_LONG, HIGH_RESERVED_PAE, PTE_P, PTE_PS, PTE_XD, RESERVED_1G, RESERVED_2M, frameOf } from './entry.ts';
import { FOUND, NOT_PRESENT, RESERVED } from './outcome.ts';
import type { WalkState } from './walk-state.ts';

/** Walks from the PML4 table in page `pml4`. */
export function walkLong(walk: WalkState, pml4: number, nxe: boolean, linear: number, linearHigh: number): number {
  const reserved = nxe ? HIGH_RESERVED_LONG : HIGH_RESERVED_LONG | PTE_XD;
  walk.read64(pml4, (linearHigh >>> 7) & 0x1ff);
  if ((walk.low & PTE_P) === 0) return NOT_PRESENT;
  if ((walk.high & reserved) !== 0 || (walk.low & PTE_PS) !== 0) return RESERVED;
  walk.read64(frameOf(walk.low, walk.high), ((linearHigh & 0x7f) << 2) | (linear >>> 30));
  if ((walk.low & PTE_P) === 0) return NOT_PRESENT;
  if ((walk.high & reserved) !== 0) return RESERVED;
  if ((walk.low & PTE_PS) !== 0) {
    if ((walk.low & RESERVED_1G) !== 0) return RESERVED;
    walk.gfn = (frameOf(walk.low, walk.high) & ~0x3ffff) | ((linear >>> 12) & 0x3ffff);
    walk.shift = 30;
    return FOUND;
  }
  return walkDirectory(walk, reserved, linear);
}

/** Walks from the PDPTE given by its halves, which was checked when it was loaded. */
export function walkPae(walk: WalkState, pdpteLow: number, pdpteHigh: number, nxe: boolean, linear: number): number {
  if ((pdpteLow & PTE_P) === 0) return NOT_PRESENT;
  walk.low = pdpteLow;
  walk.high = pdpteHigh;
  return walkDirectory(walk, nxe ? HIGH_RESERVED_PAE : HIGH_RESERVED_PAE | PTE_XD, linear);
}

/** The last two levels, from the page directory that the current entry refers to. */
function walkDirectory(walk: WalkState, reserved: number, linear: number): number {
  walk.read64(frameOf(walk.low, walk.high), (linear >>> 21) & 0x1ff);
  if ((walk.low & PTE_P) === 0) return NOT_PRESENT;
  if ((walk.high & reserved) !== 0) return RESERVED;
  if ((walk.low & PTE_PS) !== 0) {
    if ((walk.low & RESERVED_2M) !== 0) return RESERVED;
    walk.gfn = (frameOf(walk.low, walk.high) & ~0x1ff) | ((linear >>> 12) & 0x1ff);
    walk.shift = 21;
    return FOUND;
  }
  walk.read64(frameOf(walk.low, walk.high), (linear >>> 12) & 0x1ff);
  if ((walk.low & PTE_P) === 0) return NOT_PRESENT;
  if ((walk.high & reserved) !== 0) return RESERVED;
  walk.gfn = frameOf(walk.low, walk.high);
  walk.shift = 12;
  return FOUND;
}
