// The TLB of one vCPU: look-up, filling and flushing. `find` is the look-up of first entries; translated code has the same inline.
// Victims (tlb-layout.ts) are looked at when that fails.
//
// What the TLB holds is visible to the guest: while an entry lives, the walk does not set the A bit again. So which entries live
// may depend on nothing but the guest. Tracking therefore takes only the write permission away, and leaves the translation
// (pageTag, info).

import type { LinearMemory } from '../base/linear-memory.ts';
import type { MemoryPlan } from '../base/state/regions.ts';
import { PAGE_MASK, PAGE_SHIFT } from '../base/paging-units.ts';
import { TlbContext } from './access.ts';
import type { EntrySet } from './entry-set.ts';
import type { Ept } from './ept.ts';
import {
  TAG_DENIED,
  TAG_GUARDED,
  TAG_INVALID,
  TLB_CONTEXTS,
  TLB_VICTIMS,
  TLB_VICTIM_CONTEXTS,
  TlbInfo,
  tlbEntries,
  tlbVictims,
} from './tlb-layout.ts';
import { restoreTlb, saveTlb } from './tlb-save.ts';
import type { SavedTlb } from './tlb-save.ts';
import { TlbViews } from './tlb-views.ts';
import { WriteSlots } from './tlb-write-slots.ts';

const TWO_32 = 0x100000000;
const HIGH = 1 / TWO_32;

const FIRSTS = Array.from({ length: TLB_CONTEXTS }, (_, context) => tlbEntries(context));
const BASE = FIRSTS.map(({ first }) => first);
const MASK = FIRSTS.map(({ mask }) => mask);
/** Indices from which first entries have no victim, and from which they are those of fetches. */
const WITHOUT_VICTIM = BASE[TLB_VICTIM_CONTEXTS]!;
const FETCHES = BASE[TlbContext.FETCH_SUPERVISOR]!;
const { first: VICTIMS, mask: VICTIM_MASK } = tlbVictims(0);

/** The first entry that the page of `linear` has under `context`, whatever it holds. */
export const entryOf = (linear: number, context: number): number => ((linear >>> PAGE_SHIFT) & MASK[context]!) + BASE[context]!;

/** The same for its victim; `context` is one that has victims. */
export const victimOf = (linear: number, context: number): number =>
  ((linear >>> PAGE_SHIFT) & VICTIM_MASK) + VICTIMS + context * (VICTIM_MASK + 1);

/** Whether `info` is that of a fragment of a larger page. */
const isFragment = (info: number): boolean => (info & TlbInfo.SHIFT_MASK) !== PAGE_SHIFT << TlbInfo.SHIFT;

export class Tlb {
  readonly views: TlbViews;
  readonly readTag32: Uint32Array;
  readonly writeTag32: Uint32Array;
  readonly info: Uint16Array;
  readonly writeSlots: WriteSlots;
  private readonly place: Uint32Array;
  private readonly occupied: EntrySet;

  /** Views of vCPU `vcpu`'s TLB. Changes nothing: a TLB of a new machine needs `reset`. */
  constructor(memory: LinearMemory, plan: MemoryPlan, vcpu: number, ept: Ept) {
    const views = new TlbViews(memory, plan, vcpu);
    this.views = views;
    this.readTag32 = views.readTag32;
    this.writeTag32 = views.writeTag32;
    this.place = views.place;
    this.info = views.info;
    this.occupied = views.occupied;
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
    for (const tags of [this.readTag32, this.writeTag32]) tags.fill(TAG_INVALID);
    this.occupied.clear();
    this.views.large.clear();
    this.views.fragments.clear();
  }

  /** What permits reads, or, in the contexts of fetches, fetches. */
  get execTag32(): Uint32Array {
    return this.readTag32;
  }

  /** Guest frame number of the page that entry `index` translates to. */
  gfnOf(index: number): number {
    return this.place[2 * index + 1]!;
  }

  /** Host offset of that page. */
  hostOf(index: number): number {
    return this.views.hostOf(index);
  }

  /** Host offset of `linear` if an access under `context` goes through by its first entry, as `tag` says; or -1. */
  find(tag: Uint32Array, linear: number, context: number): number {
    const low = linear | 0;
    const index = entryOf(low, context);
    const hit = tag[2 * index] === (low & ~PAGE_MASK) >>> 0 && tag[2 * index + 1] === ((linear - (low >>> 0)) * HIGH) >>> 0;
    return hit ? (this.place[2 * index]! + low) >>> 0 : -1;
  }

  /** `find` for an address below 4 GiB, given as a signed 32-bit number. */
  find32(tag: Uint32Array, low: number, context: number): number {
    const index = entryOf(low, context);
    const hit = tag[2 * index] === (low & ~PAGE_MASK) >>> 0 && tag[2 * index + 1] === 0;
    return hit ? (this.place[2 * index]! + low) >>> 0 : -1;
  }

  /** Whether entry `index` translates the page of `linear` (a tag's halves). */
  holds(index: number, low: number, high: number): boolean {
    return ((this.readTag32[2 * index]! ^ low) & ~TAG_DENIED) === 0 && this.readTag32[2 * index + 1] === high;
  }

  /** The entry that translates the page with tag (low, high) under `context`; the first entry if none does. */
  locate(low: number, high: number, context: number): number {
    const index = entryOf(low, context);
    if (context >= TLB_VICTIM_CONTEXTS || this.holds(index, low, high)) return index;
    const victim = victimOf(low, context);
    return this.holds(victim, low, high) ? victim : index;
  }

  /**
   * Entry `index`, as `locate` gives it, now translates the page with tag (low, high) to page `gfn` at `host`; `info` as in TlbInfo.
   * Another page that it held becomes a victim, and what the victim's entry held is gone. Write permission is granted separately.
   */
  fill(index: number, low: number, high: number, gfn: number, host: number, info: number): void {
    if (index < WITHOUT_VICTIM && !this.holds(index, low, high)) this.evict(index);
    this.put(index, low, high, gfn, host, info);
  }

  /** The same, but whatever the entry held before is gone. */
  put(index: number, low: number, high: number, gfn: number, host: number, info: number): void {
    const at = 2 * index;
    this.invalidate(index);
    const permitted = info & (index >= FETCHES && index < TLB_VICTIMS ? TlbInfo.EXECUTABLE : TlbInfo.READABLE);
    this.readTag32[at] = permitted ? low : low | TAG_DENIED;
    this.readTag32[at + 1] = high;
    this.place[at] = host - low;
    this.place[at + 1] = gfn;
    this.info[index] = info;
    this.occupied.add(index);
    if (!isFragment(info)) return;
    this.views.large.add(index);
    this.views.fragments.count(low, info >>> TlbInfo.SHIFT, 1);
  }

  /**
   * A store through entry `index` needs no bookkeeping from now on (see the invariant in vcpu-mmu.ts). `guarded`: a store to code
   * still does.
   */
  grantWrite(index: number, guarded: boolean): void {
    const at = 2 * index;
    this.writeSlots.add(index);
    this.writeTag32[at] = this.views.lowOf(index) | (guarded ? TAG_GUARDED : 0);
    this.writeTag32[at + 1] = this.readTag32[at + 1]!;
  }

  /** Makes every translation invalid. */
  flushAll(): void {
    const { occupied } = this;
    for (let index = occupied.next(0); index >= 0; index = occupied.next(index + 1)) this.invalidate(index);
  }

  /** Makes all translations but those of global pages invalid. */
  flushNonGlobal(): void {
    const { occupied, info } = this;
    for (let index = occupied.next(0); index >= 0; index = occupied.next(index + 1)) {
      if ((info[index]! & TlbInfo.GLOBAL) === 0) this.invalidate(index);
    }
  }

  /** Makes all translations of the page of `linear` invalid, global ones and every fragment of a larger page included. */
  invlpg(linear: number): void {
    const low = (linear & ~0xfff) >>> 0;
    const high = ((linear - (linear >>> 0)) / TWO_32) >>> 0;
    for (let context = 0; context < TLB_CONTEXTS; context++) {
      const index = this.locate(low, high, context);
      if (this.holds(index, low, high)) this.invalidate(index);
    }
    const { large, fragments } = this.views;
    if (!fragments.mayBeAround(low)) return;
    for (let index = large.next(0); index >= 0; index = large.next(index + 1)) {
      const shift = this.info[index]! >>> TlbInfo.SHIFT;
      if (this.readTag32[2 * index + 1] === high && (this.readTag32[2 * index]! ^ low) >>> shift === 0) this.invalidate(index);
    }
  }

  /** Makes all translations to the pages gfn … gfn + count - 1 invalid. */
  flushGfns(gfn: number, count: number): void {
    const { occupied } = this;
    for (let index = occupied.next(0); index >= 0; index = occupied.next(index + 1)) {
      const held = this.gfnOf(index);
      if (held >= gfn && held < gfn + count) this.invalidate(index);
    }
  }

  /** Makes all translations to page `gfn` invalid. */
  flushGfn(gfn: number): void {
    this.flushGfns(gfn, 1);
  }

  /** First entry `index` gives its page, if it has one, to that page's victim, with all permissions. */
  private evict(index: number): void {
    const { readTag32, writeTag32 } = this;
    if (readTag32[2 * index] === TAG_INVALID) return;
    const low = this.views.lowOf(index);
    const victim = victimOf(low, index < BASE[1]! ? 0 : 1);
    this.put(victim, low, readTag32[2 * index + 1]!, this.gfnOf(index), this.hostOf(index), this.info[index]!);
    const write = writeTag32[2 * index]!;
    if (write === TAG_INVALID) return;
    this.revokeWrite(index);
    this.grantWrite(victim, (write & TAG_GUARDED) !== 0);
  }

  /** Makes entry `index` invalid. */
  invalidate(index: number): void {
    if (this.readTag32[2 * index] === TAG_INVALID) return;
    this.revokeWrite(index);
    this.occupied.delete(index);
    const info = this.info[index]!;
    if (isFragment(info)) {
      this.views.large.delete(index);
      this.views.fragments.count(this.views.lowOf(index), info >>> TlbInfo.SHIFT, -1);
    }
    this.readTag32[2 * index] = TAG_INVALID;
  }

  private revokeWrite(index: number): void {
    if (this.writeTag32[2 * index] === TAG_INVALID) return;
    this.writeSlots.remove(index);
    this.writeTag32[2 * index] = TAG_INVALID;
  }
}
