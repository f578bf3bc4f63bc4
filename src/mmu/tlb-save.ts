// A TLB as plain data. A checkpoint from which one replays needs it, because its contents decide which walks happen. Host
// offsets are derived anew, and write permission is not saved: the next store redoes the EPT step, which the guest cannot see.

import { InputError } from '../base/errors.ts';
import type { Ept } from './ept.ts';
import { EPT_ADDRESS } from './ept-entry.ts';
import { TLB_CONTEXTS, TLB_ENTRIES, TLB_VICTIM_CONTEXTS, TlbInfo, tlbEntries, tlbVictims } from './tlb-layout.ts';
import type { TlbPlace } from './tlb-layout.ts';
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

/** Words of a packed entry: the two halves of its page's address, GFN, and index and info in one. */
const PACKED_WORDS = 4;
const INDEX_SHIFT = 16;
const INFO_MASK = 0xffff;

/** How many words `packTlb` gives. */
export function packedWords({ views: { occupied } }: Tlb): number {
  let held = 0;
  for (let index = occupied.next(0); index >= 0; index = occupied.next(index + 1)) held++;
  return PACKED_WORDS * held;
}

/**
 * Writes the translations that `tlb` holds to out[at …], as words: what a checkpoint takes while the machine stands still. Returns the
 * index behind them.
 */
export function packTlb(tlb: Tlb, out: Uint32Array, at: number): number {
  const { info, views } = tlb;
  const { occupied, readTag32 } = views;
  let end = at;
  for (let index = occupied.next(0); index >= 0; index = occupied.next(index + 1)) {
    out[end] = views.lowOf(index);
    out[end + 1] = readTag32[2 * index + 1]!;
    out[end + 2] = tlb.gfnOf(index);
    out[end + 3] = (index << INDEX_SHIFT) | info[index]!;
    end += PACKED_WORDS;
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

/** The places of entries, by ascending index. */
const PLACES: readonly TlbPlace[] = [
  ...Array.from({ length: TLB_CONTEXTS }, (_, context) => tlbEntries(context)),
  ...Array.from({ length: TLB_VICTIM_CONTEXTS }, (_, context) => tlbVictims(context)),
];

/** Whether entry `index`, a first one or a victim, is one that the page at `linear` can be in. */
function isIn(index: number, linear: number): boolean {
  const place = PLACES.filter(({ first }) => first <= index).at(-1);
  return place !== undefined && place.first + ((linear >>> 12) & place.mask) === index;
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
      isIn(index, page) &&
      Number.isInteger(bits) &&
      (bits & ~TlbInfo.ALL) === 0 &&
      [12, 21, 22, 30].includes(shift);
    if (!valid) throw new InputError(`saved TLB: entry ${index} (linear ${page}, gfn ${frame}, info ${bits}) is not one of this machine`);
  });
  tlb.flushAll();
  entry.forEach((index, i) => {
    const page = linear[i]!;
    const frame = gfn[i]!;
    tlb.put(index, page >>> 0, Math.floor(page / TWO_32) >>> 0, frame, (ept.leafOf(frame) & EPT_ADDRESS) >>> 0, info[i]!);
  });
}
