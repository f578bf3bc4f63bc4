// A 64-bit hash of guest memory, to compare machines by: the same bytes at the same page numbers give the same hash,
// whatever order pages are visited in. Not cryptographic.

import { isZero, pagesOfSlots } from './memory-image.ts';
import type { MemoryImage } from './memory-image.ts';
import type { Vm } from '../vm/vm.ts';

/** Two 32-bit lanes of multiply-and-rotate over the page's words, started from its number. */
function pageHash(gfn: number, page: Uint8Array): bigint {
  const words = new Uint32Array(page.buffer, page.byteOffset, page.length / 4);
  let a = Math.imul(gfn + 1, 0x9e3779b1), b = Math.imul(gfn ^ 0x5bd1e995, 0x85ebca6b);
  for (let n = 0; n < words.length; n++) {
    a = Math.imul(((a ^ words[n]) << 13) | ((a ^ words[n]) >>> 19), 0x9e3779b1);
    b = Math.imul((b + words[n]) ^ (b >>> 15), 0xc2b2ae35);
  }
  return (BigInt((a ^ (a >>> 16)) >>> 0) << 32n) | BigInt((b ^ (b >>> 13)) >>> 0);
}

const combine = (sum: bigint, hash: bigint): bigint => BigInt.asUintN(64, sum + hash);

const text = (hash: bigint): string => hash.toString(16).padStart(16, '0');

/** Hash of all RAM of the machine, 16 hexadecimal digits. */
export function hashMemory(vm: Vm): string {
  let sum = 0n;
  for (const gfn of pagesOfSlots(vm)) {
    const page = vm.page(gfn)!;
    if (!isZero(page)) sum = combine(sum, pageHash(gfn, page));
  }
  return text(sum);
}

/** Hash of an image: equal to that of a machine with this memory. */
export function hashImage(image: MemoryImage): string {
  let sum = 0n;
  for (const [gfn, page] of image) if (!isZero(page)) sum = combine(sum, pageHash(gfn, page));
  return text(sum);
}
