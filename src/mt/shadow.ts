// The lost-write oracle. The shadow holds what a consumer would hold who copies each page when it is fetched. At each quiesce, every
// page that differs from it must wait in a list, or have been fetched without REARM: such a page is copied only while the VM is
// stopped. For tests and debugging: it costs a copy of memory, and a comparison of it each cycle.

import { allZero, sameWords, wordsOf } from '../base/page-words.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import { PageFlag } from './layout.ts';
import type { MtViews } from './layout.ts';
import type { VerifyStats } from './stats.ts';

/** The live bytes of page `gfn`, or null if no memslot backs it. */
export type PageReader = (gfn: number) => Uint8Array | null;

/** A page changed and was not reported. */
export class LostWriteError extends Error {
  override readonly name = 'LostWriteError';
  /** `cycle` is the cpid, null before the first PREPARE; `offset` the first byte in the page that differs. */
  constructor(
    readonly gfn: number,
    readonly cycle: bigint | null,
    readonly offset: number,
    readonly expected: number,
    readonly actual: number,
  ) {
    super(
      `lost write: page ${gfn} (0x${gfn.toString(16)}) changed in cycle ${cycle ?? '(none)'} and was not reported; ` +
        `byte ${offset} was 0x${expected.toString(16)}, is 0x${actual.toString(16)}`,
    );
  }
}

export class Shadow {
  /** Pages that are all zeroes are left out: most of a young machine's memory. */
  private readonly pages = new Map<number, Uint8Array>();
  private readonly zero = new Uint8Array(PAGE_SIZE);
  private compared = 0;
  private reported = 0;
  private unchanged = 0;

  constructor(
    private readonly views: MtViews,
    private readonly read: PageReader,
  ) {}

  get stats(): VerifyStats {
    return { compared: this.compared, reported: this.reported, unchanged: this.unchanged };
  }

  /** The consumer copies all memory once. */
  copyAll(): void {
    this.pages.clear();
    this.views.places.forEach((gfn) => this.copy(gfn));
  }

  /** The consumer copies what it fetched. */
  fetched(gfns: Uint32Array): void {
    for (const gfn of gfns) {
      this.reported++;
      if (this.firstDifference(gfn) < 0) this.unchanged++;
      this.copy(gfn);
    }
  }

  /** The last moment at which unarmed pages may be copied, the VM being stopped: they are about to be armed. */
  beforeRearm(gfns: Uint32Array): void {
    for (const gfn of gfns) if (this.views.waiting[this.views.places.of(gfn)] === 0) this.copy(gfn);
  }

  /** Compares the whole memory. Throws LostWriteError for the first page that changed and was not reported. */
  compare(cycle: bigint | null): void {
    this.compared++;
    const { flags, places, waiting } = this.views;
    places.forEach((gfn, place) => {
      // What another thread fetched was copied on that thread; here its bytes can only be taken over.
      const copiedLater = (flags[place] & (PageFlag.UNARMED | PageFlag.FOREIGN)) !== 0;
      flags[place] &= ~PageFlag.FOREIGN;
      if (waiting[place] !== 0) return;
      if (copiedLater) this.copy(gfn);
      else this.requireSame(gfn, cycle);
    });
  }

  private requireSame(gfn: number, cycle: bigint | null): void {
    const offset = this.firstDifference(gfn);
    if (offset < 0) return;
    throw new LostWriteError(gfn, cycle, offset, this.shadowOf(gfn)[offset], this.read(gfn)![offset]);
  }

  /** Offset of the first byte that differs, -1 if none does or the page is not backed. */
  private firstDifference(gfn: number): number {
    const live = this.read(gfn);
    if (!live) return -1;
    const held = this.pages.get(gfn);
    const words = wordsOf(live);
    if (held ? sameWords(words, wordsOf(held)) : allZero(words)) return -1;
    return live.findIndex((byte, i) => byte !== (held ?? this.zero)[i]);
  }

  private shadowOf(gfn: number): Uint8Array {
    return this.pages.get(gfn) ?? this.zero;
  }

  private copy(gfn: number): void {
    const live = this.read(gfn);
    if (!live || allZero(wordsOf(live))) this.pages.delete(gfn);
    else this.pages.set(gfn, new Uint8Array(live));
  }
}
