// A TLB as plain data. A checkpoint from which one replays needs it, because its contents decide which walks happen. Host
// offsets are derived anew, and write permission is not saved: the next store redoes the EPT step, which the guest cannot see.

import { InputError } from '../base/errors.ts';
import type { Ept } from './ept.ts';
import { EPT_ADDRESS } from './ept-entry.ts';
import { TLB_ENTRIES, TlbInfo, TLB_INDEX_MASK } from './tlb-layout.ts';
import type { Tlb } from './tlb.ts';

/** One number per entry that holds a translation, in each column. */
export interface SavedTlb {
  /** Index of the entry. */
  readonly entry: readonly number[];
  /** Linear address of the page, signed. */
  readonly linear: readonly number[];
  readonly gfn: readonly number[];
  /** As in TlbInfo. */
  readonly info: readonly number[];
}

const TWO_32 = 0x100000000;
const CANONICAL_LIMIT = 2 ** 47;

/** Words of a packed entry: the two halves of its tag, GFN, and index and info in one. */
const PACKED_WORDS = 4;
const INDEX_SHIFT = 16;
const INFO_MASK = 0xffff;

/** How many words `packTlb` gives. */
export function packedWords({ views: { occupied } }: Tlb): number {
  let held = 0;
  for (let word = 0; word < occupied.length; word++) held += ones(occupied[word]!);
  return PACKED_WORDS * held;
}

/**
 * Writes the translations that `tlb` holds to out[at …], as words: what a checkpoint takes while the machine stands still. Returns the
 * index behind them.
 */
export function packTlb(tlb: Tlb, out: Uint32Array, at: number): number {
  const { gfn, info } = tlb;
  const { occupied, pageTag32 } = tlb.views;
  let end = at;
  for (let word = 0; word < occupied.length; word++) {
    for (let bits = occupied[word]!; bits !== 0; bits &= bits - 1) {
      const index = word * 32 + 31 - Math.clz32(bits & -bits);
      out[end] = pageTag32[2 * index]!;
      out[end + 1] = pageTag32[2 * index + 1]!;
      out[end + 2] = gfn[index]!;
      out[end + 3] = (index << INDEX_SHIFT) | info[index]!;
      end += PACKED_WORDS;
    }
  }
  return end;
}

/** Plain data of what `packTlb` gave. */
export function unpackTlb(packed: Uint32Array): SavedTlb {
  const entries = Array.from({ length: packed.length / PACKED_WORDS }, (_, n) => n * PACKED_WORDS);
  return {
    entry: entries.map((at) => packed[at + 3]! >>> INDEX_SHIFT),
    linear: entries.map((at) => (packed[at + 1]! | 0) * TWO_32 + packed[at]!),
    gfn: entries.map((at) => packed[at + 2]!),
    info: entries.map((at) => packed[at + 3]! & INFO_MASK),
  };
}

export function saveTlb(tlb: Tlb): SavedTlb {
  const packed = new Uint32Array(packedWords(tlb));
  packTlb(tlb, packed, 0);
  return unpackTlb(packed);
}

/** How many bits are set. */
function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Makes `tlb` hold exactly `saved`. `ept` says where its pages lie. InputError if `saved` is not what `saveTlb` gives. */
export function restoreTlb(tlb: Tlb, saved: SavedTlb, ept: Ept): void {
  const { entry, linear, gfn, info } = saved;
  if (![entry, linear, gfn, info].every((column) => Array.isArray(column) && column.length === entry.length)) {
    throw new InputError('saved TLB: the columns entry, linear, gfn and info must be lists of the same length');
  }
  entry.forEach((index, i) => {
    const page = linear[i]!;
    const frame = gfn[i]!;
    const bits = info[i]!;
    const shift = bits >>> TlbInfo.SHIFT;
    const valid =
      Number.isInteger(index) &&
      index >= 0 &&
      index < TLB_ENTRIES &&
      Number.isInteger(frame) &&
      frame >= 0 &&
      frame < 2 ** 32 &&
      ept.leafOf(frame) !== 0 &&
      Number.isInteger(page) &&
      page % 4096 === 0 &&
      page >= -CANONICAL_LIMIT &&
      page < CANONICAL_LIMIT &&
      ((page >>> 12) & TLB_INDEX_MASK) === (index & TLB_INDEX_MASK) &&
      Number.isInteger(bits) &&
      (bits & ~TlbInfo.ALL) === 0 &&
      [12, 21, 22, 30].includes(shift);
    if (!valid) throw new InputError(`saved TLB: entry ${index} (linear ${page}, gfn ${frame}, info ${bits}) is not one of this machine`);
  });
  tlb.flushAll();
  entry.forEach((index, i) => {
    const page = linear[i]!;
    const frame = gfn[i]!;
    tlb.fill(index, page >>> 0, Math.floor(page / TWO_32) >>> 0, frame, (ept.leafOf(frame) & EPT_ADDRESS) >>> 0, info[i]!);
  });
}
