// The machine's EPT tables and the flat cache of their leaves. Everything is in the linear memory, so any thread that has
// the memory and the plan may edit them (under the machine's lock).
//
// Invariant of the cache: `leafOf` is 0 exactly when no leaf maps the page. Otherwise it is the 4 KiB leaf equivalent to the
// walk, except that A and D may be missing from the cache of a page inside a large leaf: then the walk finds them set.

import type { LinearMemory } from '../base/linear-memory.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import { placesOf } from '../base/page-places.ts';
import type { PagePlaces } from '../base/page-places.ts';
import type { MachineShape, MemoryPlan } from '../base/state/regions.ts';
import {
  EPT_1G_PAGES,
  EPT_2M_PAGES,
  EPT_A,
  EPT_ADDRESS,
  EPT_D,
  EPT_LEAF,
  EPT_R,
  EPT_RWX,
  EPT_SLOT_WRITABLE,
  EPT_W,
  EPT_WRITE_BACK,
  EPT_X,
} from './ept-entry.ts';
import { eptGeometry } from './ept-geometry.ts';

const ENTRIES = 512;
const LARGE_2M_BYTES = EPT_2M_PAGES * PAGE_SIZE;
const LARGE_1G_BYTES = EPT_1G_PAGES * PAGE_SIZE;

/** Bits of a leaf that a split hands down to the smaller leaves. */
const INHERITED = 0xfff & ~EPT_LEAF;

export interface MapOptions {
  readonly writable: boolean;
  /** False while tracking: one D bit on a large leaf would hide the other pages. */
  readonly large: boolean;
  /** D bit of the new leaves. */
  readonly dirty: boolean;
}

export class Ept {
  /** Host offset of the root (PML4) table. */
  readonly root: number;
  /** The flat cache, by place. */
  private readonly leaf: Uint32Array;
  private readonly u32: Uint32Array;
  private readonly pdpt: number;
  private readonly pd: number;
  /** Index of the PTE of place 0 in the 32-bit view; that of place n is 2n further. */
  private readonly pteWord: number;

  constructor(
    memory: LinearMemory,
    plan: MemoryPlan,
    shape: MachineShape,
    private readonly places: PagePlaces,
  ) {
    const geometry = eptGeometry(shape);
    const base = plan.ept!.offset;
    this.u32 = memory.u32;
    this.root = base;
    this.pdpt = base + geometry.pdpt;
    this.pd = base + geometry.pd;
    this.pteWord = (base + geometry.pt) / 4;
    this.leaf = new Uint32Array(memory.memory.buffer, plan.eptLeaf!.offset, placesOf(shape));
  }

  /** The cached leaf of page `gfn` (below 2^32); 0 when it is not mapped. */
  leafOf(gfn: number): number {
    return this.leaf[this.places.of(gfn)]!;
  }

  /** The same of the page at `place`. */
  leafAt(place: number): number {
    return this.leaf[place]!;
  }

  /** A walk found `leaf` for the mapped page `gfn` (EptResult). */
  cache(gfn: number, leaf: number): void {
    this.leaf[this.places.of(gfn)] = leaf;
  }

  /** Maps `count` unmapped pages that have places, from `gfn` to host offset `host`, each range by the largest leaf that fits. */
  map(gfn: number, count: number, host: number, options: MapOptions): void {
    const bits = EPT_R | EPT_X | EPT_WRITE_BACK | (options.writable ? EPT_W | EPT_SLOT_WRITABLE : 0) | (options.dirty ? EPT_D : 0);
    const end = gfn + count;
    for (let at = gfn, from = host; at < end; ) {
      const fits = (pages: number, bytes: number): boolean => options.large && at % pages === 0 && from % bytes === 0 && end - at >= pages;
      let pages = 1;
      if (fits(EPT_1G_PAGES, LARGE_1G_BYTES)) {
        this.linkPdpt(at);
        this.write(this.pdptEntry(at), (from | bits | EPT_LEAF) >>> 0);
        pages = EPT_1G_PAGES;
      } else if (fits(EPT_2M_PAGES, LARGE_2M_BYTES)) {
        this.linkPd(at);
        this.write(this.pdEntry(at), (from | bits | EPT_LEAF) >>> 0);
        pages = EPT_2M_PAGES;
      } else {
        this.linkPt(at);
        this.write(this.pteWordOf(at), (from | bits) >>> 0);
      }
      const flags = pages === 1 ? bits : bits | EPT_LEAF;
      for (let i = 0; i < pages; i++) this.cache(at + i, (from + i * PAGE_SIZE) | flags);
      at += pages;
      from += pages * PAGE_SIZE;
    }
  }

  /** Unmaps `count` pages from `gfn`. Pages that are not mapped are passed over; large leaves cut by an end are split. */
  zap(gfn: number, count: number): void {
    const end = gfn + count;
    for (let at = gfn; at < end; ) {
      const pages = this.leafPages(at);
      if (pages > 1 && (at % pages !== 0 || end - at < pages)) {
        this.split(at);
        continue;
      }
      if (pages > 0) this.write(this.leafWord(at, pages), 0);
      const next = at + Math.max(pages, 1);
      this.places.forEachRun(at, next - at, (from, to) => this.leaf.fill(0, from, to));
      at = next;
    }
  }

  /** The range of 2 MiB from `gfn` is about to lose its places, and its page table to serve another. None of its pages is mapped. */
  unlink(gfn: number): void {
    this.write(this.pdEntry(gfn), 0);
  }

  /** Pages mapped by the leaf that holds `gfn`: 1, 512, 512², or 0 when it is not mapped. */
  leafPages(gfn: number): number {
    const cached = this.leafOf(gfn);
    if (cached === 0) return 0;
    if ((cached & EPT_LEAF) === 0) return 1;
    return this.u32[this.pdptEntry(gfn)]! & EPT_LEAF ? EPT_1G_PAGES : EPT_2M_PAGES;
  }

  /** Turns the large leaf that holds `gfn` into 4 KiB leaves of the same rights and A/D bits. */
  split(gfn: number): void {
    if (this.leafPages(gfn) === EPT_1G_PAGES) this.split1G(gfn);
    if (this.leafPages(gfn) === EPT_2M_PAGES) this.split2M(gfn);
  }

  /** Sets and then clears bits of the 4 KiB leaf of `gfn`, a mapped page; a large leaf is split first. */
  edit(gfn: number, set: number, clear: number, place = this.places.of(gfn)): void {
    if (this.leaf[place]! & EPT_LEAF) this.split(gfn);
    const word = this.pteWord + place * 2;
    this.u32[word] = (this.u32[word]! | set) & ~clear;
    this.leaf[place] = (this.leaf[place]! | set) & ~clear;
  }

  /** `edit` for every page that the guest may write, after splitting every large leaf. O(mapped pages). */
  editWritable(set: number, clear: number): void {
    this.forEachTable(1, (_, word) => {
      const place = (word - this.pteWord) / 2;
      for (let i = 0; i < ENTRIES; i++) {
        const entry = this.u32[word + 2 * i]!;
        if ((entry & EPT_SLOT_WRITABLE) === 0 || (entry & EPT_RWX) === 0) continue;
        this.u32[word + 2 * i] = (entry | set) & ~clear;
        this.leaf[place + i] = (this.leaf[place + i]! | set) & ~clear;
      }
    });
  }

  /** Visits every page that the guest may write; large leaves have been split. O(mapped pages). */
  forEachWritable(visit: (gfn: number) => void): void {
    this.forEachTable(1, (gfn, word) => {
      for (let i = 0; i < ENTRIES; i++) {
        const entry = this.u32[word + 2 * i]!;
        if ((entry & EPT_SLOT_WRITABLE) !== 0 && (entry & EPT_RWX) !== 0) visit(gfn + i);
      }
    });
  }

  /** Splits every large leaf. O(mapped pages). */
  splitAll(): void {
    this.forEachTable(3, (gfn, word) => {
      for (let i = 0; i < ENTRIES; i++) if (this.u32[word + 2 * i]! & EPT_LEAF) this.split1G(gfn + i * EPT_1G_PAGES);
    });
    this.forEachTable(2, (gfn, word) => {
      for (let i = 0; i < ENTRIES; i++) if (this.u32[word + 2 * i]! & EPT_LEAF) this.split2M(gfn + i * EPT_2M_PAGES);
    });
  }

  /** Calls `visit(first gfn, word index of the table)` for each linked table of `level` (1: page tables … 3). */
  private forEachTable(level: 1 | 2 | 3, visit: (gfn: number, word: number) => void): void {
    const descend = (at: number, word: number, gfn: number): void => {
      if (at === level) return visit(gfn, word);
      const pages = at === 4 ? EPT_1G_PAGES * ENTRIES : at === 3 ? EPT_1G_PAGES : EPT_2M_PAGES;
      for (let i = 0; i < ENTRIES; i++) {
        const entry = this.u32[word + 2 * i]!;
        if ((entry & EPT_RWX) !== 0 && (entry & EPT_LEAF) === 0) descend(at - 1, ((entry & EPT_ADDRESS) >>> 0) / 4, gfn + i * pages);
      }
    };
    descend(4, this.root / 4, 0);
  }

  private split1G(gfn: number): void {
    const word = this.pdptEntry(gfn);
    const entry = this.u32[word]!;
    const first = gfn - (gfn % EPT_1G_PAGES);
    const table = this.pdEntry(first);
    for (let i = 0; i < ENTRIES; i++) this.write(table + 2 * i, (entry + i * LARGE_2M_BYTES) >>> 0);
    this.link(word, this.pd + (first / EPT_1G_PAGES) * PAGE_SIZE, entry & EPT_A);
    const flags = entry & (EPT_A | EPT_D);
    for (let i = 0; i < EPT_1G_PAGES; i++) this.cache(first + i, this.leafOf(first + i) | flags);
  }

  private split2M(gfn: number): void {
    const word = this.pdEntry(gfn);
    const entry = this.u32[word]!;
    const first = gfn - (gfn % EPT_2M_PAGES);
    const host = (entry & EPT_ADDRESS) >>> 0;
    const bits = entry & INHERITED;
    const place = this.places.of(first);
    const table = this.pteWord + place * 2;
    for (let i = 0; i < EPT_2M_PAGES; i++) {
      const pte = ((host + i * PAGE_SIZE) | bits) >>> 0;
      this.write(table + 2 * i, pte);
      this.leaf[place + i] = pte;
    }
    this.link(word, table * 4, entry & EPT_A);
  }

  private linkPdpt(gfn: number): void {
    const index = Math.floor(gfn / (EPT_1G_PAGES * ENTRIES));
    this.linkOnce(this.root / 4 + index * 2, this.pdpt + index * PAGE_SIZE);
  }

  private linkPd(gfn: number): void {
    this.linkPdpt(gfn);
    this.linkOnce(this.pdptEntry(gfn), this.pd + Math.floor(gfn / EPT_1G_PAGES) * PAGE_SIZE);
  }

  private linkPt(gfn: number): void {
    this.linkPd(gfn);
    this.linkOnce(this.pdEntry(gfn), this.pteWordOf(gfn - (gfn % EPT_2M_PAGES)) * 4);
  }

  private linkOnce(word: number, table: number): void {
    if (this.u32[word] === 0) this.link(word, table, 0);
  }

  /** A table's entry permits everything: rights are taken away in leaves only. */
  private link(word: number, table: number, accessed: number): void {
    this.write(word, (table | EPT_RWX | accessed) >>> 0);
  }

  private leafWord(gfn: number, pages: number): number {
    return pages === 1 ? this.pteWordOf(gfn) : pages === EPT_2M_PAGES ? this.pdEntry(gfn) : this.pdptEntry(gfn);
  }

  private pteWordOf(gfn: number): number {
    return this.pteWord + this.places.of(gfn) * 2;
  }

  private pdptEntry(gfn: number): number {
    return this.pdpt / 4 + Math.floor(gfn / EPT_1G_PAGES) * 2;
  }

  private pdEntry(gfn: number): number {
    return this.pd / 4 + Math.floor(gfn / EPT_2M_PAGES) * 2;
  }

  private write(word: number, low: number): void {
    this.u32[word] = low;
    this.u32[word + 1] = 0;
  }
}
