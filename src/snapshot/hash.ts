// A 64-bit hash of guest memory and devices' blocks, to compare machines by. The same bytes at the same numbers give the same hash,
// in whatever order pages and blocks are visited. Not cryptographic.

import type { BlockImages } from '../base/blocks.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import { allZero, wordsOf } from '../base/page-words.ts';
import { requireVm } from '../vm/check-arguments.ts';
import { pagesOfSlots } from './memory-image.ts';
import type { MemoryImage } from './memory-image.ts';
import type { Vm } from '../vm/vm.ts';

/** The sum of the hashes of pages and blocks, modulo 2^64, as two halves of 32 bits. Zeros add nothing. */
class MemoryHash {
  private high = 0;
  private low = 0;

  /**
   * Four 32-bit lanes of multiply and rotate over the page's words, started from its number. The lanes do not depend on each other,
   * so a processor works on all at once.
   */
  add(gfn: number, page: Uint8Array): void {
    const words = wordsOf(page);
    if (allZero(words)) return;
    let a = Math.imul(gfn + 1, 0x9e3779b1);
    let b = Math.imul(gfn ^ 0x5bd1e995, 0x85ebca6b);
    let c = ~a;
    let d = ~b;
    for (let n = 0; n < PAGE_SIZE / 4; n += 4) {
      a = Math.imul(((a ^ words[n]) << 13) | ((a ^ words[n]) >>> 19), 0x9e3779b1);
      b = Math.imul(((b ^ words[n + 1]) << 15) | ((b ^ words[n + 1]) >>> 17), 0x85ebca6b);
      c = Math.imul(((c ^ words[n + 2]) << 11) | ((c ^ words[n + 2]) >>> 21), 0xc2b2ae35);
      d = Math.imul(((d ^ words[n + 3]) << 17) | ((d ^ words[n + 3]) >>> 15), 0x27d4eb2f);
    }
    const low = mix(a ^ Math.imul(c, 0x165667b1) ^ (b >>> 7)) >>> 0;
    const high = mix(b ^ Math.imul(d, 0x165667b1) ^ (a >>> 9) ^ low) >>> 0;
    const sum = this.low + low;
    this.low = sum >>> 0;
    this.high = (this.high + high + (sum > 0xffffffff ? 1 : 0)) >>> 0;
  }

  /** 16 hexadecimal digits. */
  text(): string {
    return this.high.toString(16).padStart(8, '0') + this.low.toString(16).padStart(8, '0');
  }
}

/** Spreads every bit over the whole word. */
function mix(word: number): number {
  let h = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Hash of all memory of the machine, ROM included: 16 hexadecimal digits. Devices' blocks are left out. */
export function hashMemory(vm: Vm): string {
  requireVm(vm);
  const hash = new MemoryHash();
  for (const gfn of pagesOfSlots(vm)) hash.add(gfn, vm.page(gfn)!);
  return hash.text();
}

/** Numbers of devices' blocks begin beyond those of pages, and each device has as many for itself. */
const DEVICE_NUMBERS = 2 ** 28;

/** Hash of memory and of what devices keep as blocks: equal to that of a machine with these. */
export function hashContents(pages: MemoryImage, blocks: BlockImages): string {
  const hash = new MemoryHash();
  for (const [gfn, page] of pages) hash.add(gfn, page);
  addBlocks(hash, blocks);
  return hash.text();
}

/** The same of a machine. */
export function hashMachine(vm: Vm): string {
  const hash = new MemoryHash();
  for (const gfn of pagesOfSlots(vm)) hash.add(gfn, vm.page(gfn)!);
  addBlocks(hash, new Map([...(vm.platform?.blocks ?? [])].map(([name, store]) => [name, store.save()])));
  return hash.text();
}

function addBlocks(hash: MemoryHash, blocks: BlockImages): void {
  [...blocks.keys()].sort().forEach((name, index) => {
    for (const [n, block] of blocks.get(name)!) hash.add((index + 1) * DEVICE_NUMBERS + n, block);
  });
}

/** Hash of an image: equal to that of a machine with this memory. */
export function hashImage(image: MemoryImage): string {
  const hash = new MemoryHash();
  for (const [gfn, page] of image) hash.add(gfn, page);
  return hash.text();
}
