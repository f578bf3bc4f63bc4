// A copy of all of a machine's memory, ROM included, in large pieces: made and written back as fast as the host copies.

import { allZero, wordsOf } from '../base/page-words.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import type { Vm } from '../vm/vm.ts';

const PIECE = 1 << 20;

/** By guest-physical address. Pieces of zeros are left out. */
export type MemoryCopy = ReadonlyMap<number, Uint8Array>;

function* pieces(vm: Vm): Generator<{ readonly gpa: number; readonly length: number }> {
  for (const { guestPhysAddr, memorySize } of vm.memslots) {
    for (let at = 0; at < memorySize; at += PIECE) yield { gpa: guestPhysAddr + at, length: Math.min(PIECE, memorySize - at) };
  }
}

function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += PAGE_SIZE) if (!allZero(wordsOf(bytes.subarray(at)))) return false;
  return true;
}

export function copyAll(vm: Vm): MemoryCopy {
  const copy = new Map<number, Uint8Array>();
  for (const { gpa, length } of pieces(vm)) {
    const bytes = vm.readMemory(gpa, length);
    if (!isZero(bytes)) copy.set(gpa, bytes);
  }
  return copy;
}

/** Makes the memory of `vm`, with the same memslots, what it was. */
export function writeAll(vm: Vm, copy: MemoryCopy): void {
  for (const { gpa, length } of pieces(vm)) {
    const bytes = copy.get(gpa);
    if (bytes) vm.writeMemory(gpa, bytes);
    else if (!isZero(vm.readMemory(gpa, length))) vm.writeMemory(gpa, new Uint8Array(length));
  }
}
