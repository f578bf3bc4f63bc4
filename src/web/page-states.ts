// What the map shows of each guest page.

export const PageState = { CLEAN: 0, EARLIER: 1, REPORTED: 2, DIRTY: 3 } as const;
export type PageState = (typeof PageState)[keyof typeof PageState];

export class PageStates {
  /** The cycle that last reported the page; 0 for none. */
  private readonly reportedIn: Uint32Array;
  private dirty: ReadonlySet<number> = new Set();
  private cycle = 0;
  private distinctPages = 0;

  constructor(readonly pages: number) {
    this.reportedIn = new Uint32Array(pages);
  }

  /** The pages written so far in the cycle that runs. */
  write(gfns: readonly number[]): void {
    this.dirty = new Set(gfns);
  }

  /** Cycle `cpid`, 1 or more and ascending, has ended and reported these pages: all pages are armed again. */
  report(cpid: number, gfns: readonly number[]): void {
    this.cycle = cpid;
    this.dirty = new Set();
    for (const gfn of gfns) {
      if (this.reportedIn[gfn] === 0) this.distinctPages++;
      this.reportedIn[gfn] = cpid;
    }
  }

  /** Pages written in the cycle that runs. */
  get dirtyPages(): number {
    return this.dirty.size;
  }

  /** Pages reported at least once. */
  get distinct(): number {
    return this.distinctPages;
  }

  lastReport(gfn: number): number {
    return this.reportedIn[gfn]!;
  }

  state(gfn: number): PageState {
    if (this.dirty.has(gfn)) return PageState.DIRTY;
    const when = this.reportedIn[gfn]!;
    if (when === 0) return PageState.CLEAN;
    return when === this.cycle ? PageState.REPORTED : PageState.EARLIER;
  }
}
