// Guest memory, ROM included, as a map from page number to bytes. Pages of zeros are left out. A page that was put in never changes.

import { allZero, sameWords, wordsOf } from '../base/page-words.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import type { Vm } from '../vm/vm.ts';

export type MemoryImage = ReadonlyMap<number, Uint8Array>;

/** All page numbers of the machine's memslots, ascending. */
export function* pagesOfSlots(vm: Vm): Generator<number> {
  for (const { guestPhysAddr, memorySize } of vm.memslots) {
    for (let gfn = guestPhysAddr / PAGE_SIZE; gfn < (guestPhysAddr + memorySize) / PAGE_SIZE; gfn++) yield gfn;
  }
}

/** Whether all bytes of a page are 0. */
export const isZero = (page: Uint8Array): boolean => allZero(wordsOf(page));

/** A copy of all memory. */
export function copyMemory(vm: Vm): MemoryImage {
  const image = new Map<number, Uint8Array>();
  for (const gfn of pagesOfSlots(vm)) {
    const page = vm.page(gfn)!;
    if (!isZero(page)) image.set(gfn, new Uint8Array(page));
  }
  return image;
}

/**
 * Makes all memory of `vm` that of the image, in which zeros are left out. Host-side: tracking reports the pages that differed, and no
 * others.
 */
export function loadMemory(vm: Vm, image: MemoryImage): void {
  const zero = new Uint8Array(PAGE_SIZE);
  for (const gfn of pagesOfSlots(vm)) {
    const page = image.get(gfn) ?? zero;
    if (!sameWords(wordsOf(vm.page(gfn)!), wordsOf(page))) vm.writeMemory(gfn * PAGE_SIZE, page);
  }
}

/** The first page of the image that is not all zeros and lies where `vm` has no memory; null if there is none. */
export function pageOutside(vm: Vm, image: MemoryImage): number | null {
  for (const [gfn, page] of image) if (vm.page(gfn) === null && !isZero(page)) return gfn;
  return null;
}
