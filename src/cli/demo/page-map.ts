// The map of guest pages, without any terminal: from the cycle each page was last reported in to rows of cells.

/** What a cell shows, in ascending order: a cell that stands for several pages shows the highest of them. */
export const Cell = { CLEAN: 0, EARLIER: 1, RECENT: 2, DIRTY: 3 } as const;
export type Cell = (typeof Cell)[keyof typeof Cell];

/** How a cell is read without colours. */
export const CELL_CHARACTERS = '.:+#';

/** Cycles for which a page that was reported counts as recent. */
export const RECENT_CYCLES = 6;

/** In which cycle each page was last reported. */
export class PageHistory {
  private readonly reportedIn: Uint32Array;
  private cycle = 0;
  private distinctPages = 0;

  constructor(readonly pages: number) {
    this.reportedIn = new Uint32Array(pages);
  }

  /** Cycle `cpid`, 1 or more and ascending, reported these pages. */
  report(cpid: number, gfns: readonly number[]): void {
    this.cycle = cpid;
    for (const gfn of gfns) {
      if (gfn >= this.pages) continue;
      if (this.reportedIn[gfn] === 0) this.distinctPages++;
      this.reportedIn[gfn] = cpid;
    }
  }

  /** Pages reported at least once. */
  get distinct(): number {
    return this.distinctPages;
  }

  state(gfn: number): Cell {
    const when = this.reportedIn[gfn]!;
    if (when === 0) return Cell.CLEAN;
    if (when === this.cycle) return Cell.DIRTY;
    return this.cycle - when <= RECENT_CYCLES ? Cell.RECENT : Cell.EARLIER;
  }
}

/** How pages are laid out: rows × columns cells of `pagesPerCell` pages each, both powers of two but for the rows. */
export interface MapPlan {
  readonly pages: number;
  readonly columns: number;
  readonly rows: number;
  readonly pagesPerCell: number;
}

/** The finest map of `pages` pages in at most `maxColumns` (1 or more) by `maxRows` (1 or more) cells. */
export function planMap(pages: number, maxColumns: number, maxRows: number): MapPlan {
  const columns = 2 ** Math.floor(Math.log2(maxColumns));
  let pagesPerCell = 1;
  while (Math.ceil(pages / pagesPerCell / columns) > maxRows) pagesPerCell *= 2;
  return { pages, columns, rows: Math.ceil(pages / pagesPerCell / columns), pagesPerCell };
}

export interface MapRow {
  /** The row's first page. */
  readonly gfn: number;
  readonly cells: readonly Cell[];
}

/** The rows of the map; the last one may be short. */
export function mapRows({ pages, columns, rows, pagesPerCell }: MapPlan, state: (gfn: number) => Cell): MapRow[] {
  const cellAt = (gfn: number): Cell => {
    let highest: Cell = Cell.CLEAN;
    for (let page = gfn; page < Math.min(gfn + pagesPerCell, pages); page++) {
      const cell = state(page);
      if (cell > highest) highest = cell;
    }
    return highest;
  };
  return Array.from({ length: rows }, (_, row) => {
    const gfn = row * columns * pagesPerCell;
    const cells = Math.min(columns, Math.ceil((pages - gfn) / pagesPerCell));
    return { gfn, cells: Array.from({ length: cells }, (_, n) => cellAt(gfn + n * pagesPerCell)) };
  });
}
