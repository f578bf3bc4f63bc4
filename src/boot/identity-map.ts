// Page tables for the 64-bit entry: linear = physical over the first 4 GiB and all RAM, writable, by 2 MiB pages.

import { PAGE_SIZE } from '../base/paging-units.ts';
import { joinedRam } from './memory-map.ts';
import type { Placement } from './placement.ts';
import type { BootTarget } from './target.ts';

const GIB = 2 ** 30;
const LARGE_PAGE = 2 ** 21;
const ENTRIES = 512;
/** SDM vol. 3, "4-Level Paging": P | R/W, and PS in an entry that maps a page. */
const TABLE = 0x3;
const LARGE = 0x83;

/** Writes the tables into free RAM; returns the PML4's address for CR3. */
export function placeIdentityMap(placement: Placement, target: BootTarget): number {
  // An entry of the PML4 covers 512 GiB: RAM above that takes further entries.
  const gibs = new Set([0, 1, 2, 3]);
  for (const { base, end } of joinedRam(target.memory)) {
    for (let gib = Math.floor(base / GIB); gib * GIB < end; gib++) gibs.add(gib);
  }
  const pml4 = new BigUint64Array(ENTRIES);
  const pdpts = new Map<number, BigUint64Array>();
  for (const gib of gibs) {
    const directory = BigUint64Array.from({ length: ENTRIES }, (_, i) => BigInt(gib * GIB + i * LARGE_PAGE + LARGE));
    const slot = Math.floor(gib / ENTRIES);
    let pdpt = pdpts.get(slot);
    if (!pdpt) pdpts.set(slot, (pdpt = new BigUint64Array(ENTRIES)));
    pdpt[gib % ENTRIES] = BigInt(placement.put('page directory', tableBytes(directory), PAGE_SIZE) + TABLE);
  }
  for (const [slot, pdpt] of pdpts) pml4[slot] = BigInt(placement.put('page-directory-pointer table', tableBytes(pdpt), PAGE_SIZE) + TABLE);
  return placement.put('PML4', tableBytes(pml4), PAGE_SIZE);
}

/** Entries are little-endian whatever the host is. */
function tableBytes(entries: BigUint64Array): Uint8Array {
  const bytes = new Uint8Array(PAGE_SIZE);
  const view = new DataView(bytes.buffer);
  entries.forEach((entry, i) => view.setBigUint64(i * 8, entry, true));
  return bytes;
}
