// The second level as hardware does it: one guest-physical access through the EPT tables, with A/D bits and PML.

import { PAGE_SIZE } from '../base/paging-units.ts';
import {
  EPTP_AD_ENABLE,
  EPT_A,
  EPT_ADDRESS,
  EPT_D,
  EPT_HIGH_ADDRESS,
  EPT_R,
  EPT_RWX,
  EPT_SHIFT,
  EPT_W,
  isEptLeaf,
  isEptMisconfigured,
} from './ept-entry.ts';
import type { Pml } from './pml.ts';

export const EptOutcome = { OK: 0, VIOLATION: 1, MISCONFIGURATION: 2, PML_FULL: 3 } as const;
export type EptOutcome = (typeof EptOutcome)[keyof typeof EptOutcome];

/** Access bits, as in bits 2:0 of the exit qualification. */
export const EptAccess = { READ: 1, WRITE: 2, FETCH: 4 } as const;

/**
 * Where the access comes from, as in bits 12, 8 and 7 of the exit qualification: 7 a linear address is being translated, 8 it
 * is the access to the final page and not to a guest paging structure, 12 NMI unblocking due to IRET (may be added).
 */
export const EptOrigin = { PDPTE_LOAD: 0, PAGING_STRUCTURE: 0x80, FINAL_PAGE: 0x180, NMI_UNBLOCKING: 0x1000 } as const;

const ABSENT = 0xffffffff;

/** What `eptAccess` found, reused from call to call. */
export class EptResult {
  /** OK: host offset of the byte at the GPA. */
  host = 0;
  /** VIOLATION: the exit qualification. */
  qualification = 0;
  /** OK: a 4 KiB leaf equivalent to the walk: host page, rights and A of all levels combined, the other bits of the leaf. */
  leaf = 0;
  /** OK: this access appended an entry to the PML buffer. */
  logged = false;
  /** Index of the low half of the entry used at each level, 4 … 1, in the 32-bit view. */
  readonly words = new Uint32Array(5);
}

/** All-ones where there is no memory, as on a bus nobody answers: a misconfigured entry. */
const wordAt = (u32: Uint32Array, index: number): number => (index < u32.length ? u32[index]! : ABSENT);

/**
 * Translates the guest-physical address `gpa` (below 2^40) by the tables of `eptp` in the host memory `u32`, sets A/D bits if
 * the EPTP enables them, and logs to `pml` unless it is null. Any outcome but OK leaves everything unchanged.
 *
 * With A/D bits on, an access to a guest paging structure counts as a write (SDM vol. 3, "Accessed and Dirty Flags for EPT");
 * the loading of PDPTEs does not.
 */
export function eptAccess(
  u32: Uint32Array,
  eptp: number,
  gpa: number,
  access: number,
  origin: number,
  pml: Pml | null,
  result: EptResult,
): EptOutcome {
  const ad = (eptp & EPTP_AD_ENABLE) !== 0;
  const wanted = ad && (origin & EptOrigin.FINAL_PAGE) === EptOrigin.PAGING_STRUCTURE ? EptAccess.READ | EptAccess.WRITE : access;
  const gfn = Math.floor(gpa / PAGE_SIZE);
  const { words } = result;
  let combined = EPT_RWX | EPT_A;
  let table = eptp - (eptp % PAGE_SIZE);
  let level = 4;
  let low: number;
  let high: number;
  for (;;) {
    const word = table / 4 + ((gfn >>> EPT_SHIFT[level]!) & 511) * 2;
    low = wordAt(u32, word);
    high = wordAt(u32, word + 1);
    if ((low & EPT_RWX) === 0) return violation(result, wanted, 0, origin);
    if (isEptMisconfigured(level, low, high)) return EptOutcome.MISCONFIGURATION;
    combined &= low;
    words[level] = word;
    if (isEptLeaf(level, low)) break;
    table = ((low & EPT_ADDRESS) >>> 0) + (high & EPT_HIGH_ADDRESS) * 0x100000000;
    level--;
  }
  if (wanted & ~combined & EPT_RWX) return violation(result, wanted, combined & EPT_RWX, origin);

  result.logged = false;
  if (ad) {
    const setD = (wanted & EptAccess.WRITE) !== 0 && (low & EPT_D) === 0;
    if (setD || (combined & EPT_A) === 0) {
      // The check comes before any flag is set, and only when one has to be (SDM vol. 3, "Page-Modification Logging").
      if (pml !== null && pml.isFull()) return EptOutcome.PML_FULL;
      for (let l = 4; l >= level; l--) u32[words[l]!] |= EPT_A;
      combined |= EPT_A;
      if (setD) {
        low |= EPT_D;
        u32[words[level]!] |= EPT_D;
        if (pml !== null) {
          pml.append(gfn);
          result.logged = true;
        }
      }
    }
  }
  const pageInLeaf = gfn & ((1 << EPT_SHIFT[level]!) - 1);
  const page = ((low & EPT_ADDRESS) >>> 0) + (high & EPT_HIGH_ADDRESS) * 0x100000000 + pageInLeaf * PAGE_SIZE;
  result.host = page + (gpa - gfn * PAGE_SIZE);
  result.leaf = (((page | 0) & EPT_ADDRESS) | (low & 0xfff & ~(EPT_RWX | EPT_A)) | combined) >>> 0;
  return EptOutcome.OK;
}

function violation(result: EptResult, wanted: number, rights: number, origin: number): EptOutcome {
  result.qualification = wanted | (rights << 3) | origin;
  return EptOutcome.VIOLATION;
}

/** The rights an access needs from a cached leaf to be done without a walk: see `EptResult.leaf`. */
export const leafNeed = (access: number, ad: boolean): number => access | (ad ? EPT_A | (access & EPT_W ? EPT_D : 0) : 0);

/** Rights needed to read a guest paging-structure entry: with A/D bits on that is a write. */
export const structureNeed = (ad: boolean): number => (ad ? EPT_R | EPT_W | EPT_A | EPT_D : EPT_R);
