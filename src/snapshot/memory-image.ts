// Guest memory, ROM included, as a map from page number to bytes. Pages of zeros are left out. A page that was put in never changes.

import { allZero, wordsOf } from '../base/page-words.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import type { Vm } from '../vm/vm.ts';

export type MemoryImage = Map<number, Uint8Array>;

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
  const image: MemoryImage = new Map();
  for (const gfn of pagesOfSlots(vm)) {
    const page = vm.page(gfn)!;
    if (!isZero(page)) image.set(gfn, new Uint8Array(page));
  }
  return image;
}

/** Writes the image over all memory of `vm`, host-side; what the image leaves out becomes zeros. */
export function loadMemory(vm: Vm, image: MemoryImage): void {
  const zero = new Uint8Array(PAGE_SIZE);
  for (const gfn of pagesOfSlots(vm)) {
    const page = image.get(gfn);
    if (page) vm.writeMemory(gfn * PAGE_SIZE, page);
    else if (!isZero(vm.page(gfn)!)) vm.writeMemory(gfn * PAGE_SIZE, zero);
  }
}
