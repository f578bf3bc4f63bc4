// The TLB of one vCPU: look-up, filling and flushing. `find` is the one look-up; translated code has the same inline.
//
// What the TLB holds is visible to the guest: while an entry lives, the walk does not set the A bit again. So which entries live
// may depend on nothing but the guest. Tracking therefore takes only the write permission away, and leaves the translation
// (pageTag, info).

import type { LinearMemory } from '../base/linear-memory.ts';
import type { MemoryPlan } from '../base/state/regions.ts';
import { PAGE_MASK, PAGE_SHIFT } from '../base/paging-units.ts';
import type { Ept } from './ept.ts';
import { TAG_GUARDED, TAG_INVALID, TLB_CONTEXTS, TLB_CONTEXT_ENTRIES, TLB_INDEX_MASK, TlbInfo } from './tlb-layout.ts';
import { restoreTlb, saveTlb } from './tlb-save.ts';
import type { SavedTlb } from './tlb-save.ts';
import { TlbViews } from './tlb-views.ts';
import { WriteSlots } from './tlb-write-slots.ts';

const TWO_32 = 0x100000000;
const HIGH = 1 / TWO_32;

/** The entry that the page of `linear` has under `context`, whatever it holds. */
export const entryOf = (linear: number, context: number): number =>
  ((linear >>> PAGE_SHIFT) & TLB_INDEX_MASK) + context * TLB_CONTEXT_ENTRIES;

export class Tlb {
  readonly views: TlbViews;
  readonly readTag32: Uint32Array;
  readonly writeTag32: Uint32Array;
  readonly execTag32: Uint32Array;
  /** Host offset of the page, by entry. */
  readonly host: Uint32Array;
  readonly gfn: Uint32Array;
  readonly info: Uint32Array;
  readonly writeSlots: WriteSlots;
  private readonly pageTag32: Uint32Array;
  private readonly occupied: Uint32Array;
  private readonly large: Uint32Array;

  /** Views of vCPU `vcpu`'s TLB. Changes nothing: a TLB of a new machine needs `reset`. */
  constructor(memory: LinearMemory, plan: MemoryPlan, vcpu: number, ept: Ept) {
    const views = new TlbViews(memory, plan, vcpu);
    this.views = views;
    this.readTag32 = views.readTag32;
    this.writeTag32 = views.writeTag32;
    this.execTag32 = views.execTag32;
    this.pageTag32 = views.pageTag32;
    this.host = views.host;
    this.gfn = views.gfn;
    this.info = views.info;
    this.occupied = views.occupied;
    this.large = views.large;
    this.writeSlots = new WriteSlots(memory, plan, vcpu, views, ept);
  }

  /** The contents as plain data. */
  save(): SavedTlb {
    return saveTlb(this);
  }

  /** Makes the contents those of `saved`; the memslots must be back in `ept` already. InputError if it does not fit this machine. */
  restore(saved: SavedTlb, ept: Ept): void {
    restoreTlb(this, saved, ept);
  }

  /** Makes every entry invalid, whatever the memory held before. */
  reset(): void {
    for (const tags of [this.readTag32, this.writeTag32, this.execTag32, this.pageTag32]) tags.fill(TAG_INVALID);
    this.occupied.fill(0);
    this.large.fill(0);
  }

  /** Host offset of `linear` if an access under `context` goes through without further ado, as `tag` says; or -1. */
  find(tag: Uint32Array, linear: number, context: number): number {
    const low = linear | 0;
    const index = entryOf(low, context);
    const hit = tag[2 * index] === (low & ~PAGE_MASK) >>> 0 && tag[2 * index + 1] === ((linear - (low >>> 0)) * HIGH) >>> 0;
    return hit ? this.host[index]! + (low & PAGE_MASK) : -1;
  }

  /** `find` for an address below 4 GiB, given as a signed 32-bit number. */
  find32(tag: Uint32Array, low: number, context: number): number {
    const index = entryOf(low, context);
    const hit = tag[2 * index] === (low & ~PAGE_MASK) >>> 0 && tag[2 * index + 1] === 0;
    return hit ? this.host[index]! + (low & PAGE_MASK) : -1;
  }

  /** Whether entry `index` translates the page of `linear` (a tag's halves). */
  holds(index: number, low: number, high: number): boolean {
    return this.pageTag32[2 * index] === low && this.pageTag32[2 * index + 1] === high;
  }

  /**
   * Entry `index` now translates the page with tag (low, high) to page `gfn` at `host`; `info` as in TlbInfo. Whatever it held
   * before is gone. Write permission is granted separately.
   */
  fill(index: number, low: number, high: number, gfn: number, host: number, info: number): void {
    const at = 2 * index;
    this.revokeWrite(index);
    this.pageTag32[at] = low;
    this.pageTag32[at + 1] = high;
    this.readTag32[at] = info & TlbInfo.READABLE ? low : TAG_INVALID;
    this.readTag32[at + 1] = high;
    this.execTag32[at] = info & TlbInfo.EXECUTABLE ? low : TAG_INVALID;
    this.execTag32[at + 1] = high;
    this.host[index] = host;
    this.gfn[index] = gfn;
    this.info[index] = info;
    const bit = 1 << (index & 31);
    this.occupied[index >>> 5] |= bit;
    if ((info & TlbInfo.SHIFT_MASK) === PAGE_SHIFT << TlbInfo.SHIFT) this.large[index >>> 5] &= ~bit;
    else this.large[index >>> 5] |= bit;
  }

  /**
   * A store through entry `index` needs no bookkeeping from now on (see the invariant in vcpu-mmu.ts). `guarded`: a store to code
   * still does.
   */
  grantWrite(index: number, guarded: boolean): void {
    const at = 2 * index;
    this.writeSlots.add(index);
    this.writeTag32[at] = this.pageTag32[at]! | (guarded ? TAG_GUARDED : 0);
    this.writeTag32[at + 1] = this.pageTag32[at + 1]!;
  }

  /** Makes every translation invalid. */
  flushAll(): void {
    const { occupied } = this;
    for (let word = 0; word < occupied.length; word++) {
      for (let bits = occupied[word]!; bits !== 0; bits &= bits - 1) this.invalidate(word * 32 + 31 - Math.clz32(bits & -bits));
    }
  }

  /** Makes every translation but those of global pages invalid. */
  flushNonGlobal(): void {
    const { occupied, info } = this;
    for (let word = 0; word < occupied.length; word++) {
      for (let bits = occupied[word]!; bits !== 0; bits &= bits - 1) {
        const index = word * 32 + 31 - Math.clz32(bits & -bits);
        if ((info[index]! & TlbInfo.GLOBAL) === 0) this.invalidate(index);
      }
    }
  }

  /** Makes all translations of the page of `linear` invalid, global ones and every fragment of a larger page included. */
  invlpg(linear: number): void {
    const low = (linear & ~0xfff) >>> 0;
    const high = ((linear - (linear >>> 0)) / TWO_32) >>> 0;
    for (let context = 0; context < TLB_CONTEXTS; context++) {
      const index = entryOf(low, context);
      if (this.holds(index, low, high)) this.invalidate(index);
    }
    const { large } = this;
    for (let word = 0; word < large.length; word++) {
      for (let bits = large[word]!; bits !== 0; bits &= bits - 1) {
        const index = word * 32 + 31 - Math.clz32(bits & -bits);
        const shift = this.info[index]! >>> TlbInfo.SHIFT;
        if (this.pageTag32[2 * index + 1] === high && (this.pageTag32[2 * index]! ^ low) >>> shift === 0) this.invalidate(index);
      }
    }
  }

  /** Makes all translations to the pages gfn … gfn + count - 1 invalid. */
  flushGfns(gfn: number, count: number): void {
    const { occupied } = this;
    for (let word = 0; word < occupied.length; word++) {
      for (let bits = occupied[word]!; bits !== 0; bits &= bits - 1) {
        const index = word * 32 + 31 - Math.clz32(bits & -bits);
        const held = this.gfn[index]!;
        if (held >= gfn && held < gfn + count) this.invalidate(index);
      }
    }
  }

  /** Makes all translations to page `gfn` invalid. */
  flushGfn(gfn: number): void {
    this.flushGfns(gfn, 1);
  }

  private invalidate(index: number): void {
    this.revokeWrite(index);
    this.pageTag32[2 * index] = TAG_INVALID;
    this.readTag32[2 * index] = TAG_INVALID;
    this.execTag32[2 * index] = TAG_INVALID;
    const bit = ~(1 << (index & 31));
    this.occupied[index >>> 5] &= bit;
    this.large[index >>> 5] &= bit;
  }

  private revokeWrite(index: number): void {
    if (this.writeTag32[2 * index] === TAG_INVALID) return;
    this.writeSlots.remove(index);
    this.writeTag32[2 * index] = TAG_INVALID;
  }
}
