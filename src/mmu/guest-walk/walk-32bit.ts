// 32-bit paging (SDM vol. 3, "32-Bit Paging"): page directory and page tables of 1024 32-bit entries, 4 KiB pages, and 4 MiB
// pages with CR4.PSE, whose PDE holds address bits 39:32 in its bits 20:13 (PSE-36).

import { PTE_P, PTE_PS, RESERVED_4M } from './entry.ts';
import { FOUND, NOT_PRESENT, RESERVED } from './outcome.ts';
import type { WalkState } from './walk-state.ts';

export function walk32Bit(walk: WalkState, directory: number, pse: boolean, linear: number): number {
  walk.read32(directory & 0xfffff, linear >>> 22);
  if ((walk.low & PTE_P) === 0) return NOT_PRESENT;
  if (pse && (walk.low & PTE_PS) !== 0) {
    if ((walk.low & RESERVED_4M) !== 0) return RESERVED;
    walk.gfn = (((walk.low >>> 13) & 0xff) << 20) | ((walk.low >>> 12) & 0xffc00) | ((linear >>> 12) & 0x3ff);
    walk.shift = 22;
    return FOUND;
  }
  walk.read32(walk.low >>> 12, (linear >>> 12) & 0x3ff);
  if ((walk.low & PTE_P) === 0) return NOT_PRESENT;
  walk.gfn = walk.low >>> 12;
  walk.shift = 12;
  return FOUND;
}
