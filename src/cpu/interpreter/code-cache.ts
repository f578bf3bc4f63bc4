// Decoded straight-line blocks, by the physical page they lie in. A page with blocks is marked as code, so that the write
// door tells before it changes; then all its blocks go.

import type { CodeMode } from '../builder/insn.ts';
import type { Op } from './op.ts';

/** Instructions of one page, executed in order; the last one ends the block or the page. */
export interface Block {
  readonly ops: readonly Op[];
  /** Times it was entered while no translation existed. */
  heat: number;
  /** The page it is kept in; null for one that is not kept. */
  readonly page: CodePage | null;
}

export interface CodePage {
  readonly gfn: number;
  readonly mode: CodeMode;
  /** By byte offset in the page. */
  readonly blocks: (Block | undefined)[];
}

/** Pages kept before everything is dropped: bounds memory, at about 100 KiB a page full of code. */
const MAX_PAGES = 4096;

export class CodeCache {
  private pages = new Map<number, CodePage>();
  private recent: CodePage | null = null;

  /** The page's blocks for code of `mode`, made empty if there were none. */
  page(gfn: number, mode: CodeMode): CodePage {
    const { recent } = this;
    if (recent !== null && recent.gfn === gfn && recent.mode === mode) return recent;
    const key = gfn * 16 + mode;
    let page = this.pages.get(key);
    if (page === undefined) {
      if (this.pages.size >= MAX_PAGES) this.pages.clear();
      page = { gfn, mode, blocks: new Array<Block | undefined>(4096) };
      this.pages.set(key, page);
    }
    this.recent = page;
    return page;
  }

  /** Drops every block of the page, whatever its mode. */
  invalidate(gfn: number): void {
    this.recent = null;
    for (const mode of [2, 4, 8]) this.pages.delete(gfn * 16 + mode);
  }
}
