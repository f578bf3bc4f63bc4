// Decoded straight-line blocks, by the physical page that they lie in. A block goes when a byte of it changes. Its page stays, and
// remembers how often the place where the block begins has lost one: code that keeps changing is not worth as much.

import type { CodeMode } from '../builder/insn.ts';
import type { CodeHolder, Mark } from '../made-code.ts';
import type { Op } from './op.ts';

/** Instructions of one page, executed in order; the last one ends the block or the page. */
export interface Block {
  readonly ops: readonly Op[];
  /** Distance from the page's start of its first byte. */
  readonly start: number;
  /** Distance from the page's start of the byte behind the last instruction. */
  readonly end: number;
  /** After it the page has to be looked up again. */
  readonly leavesPage: boolean;
  /** Times it was entered while no translation existed. */
  heat: number;
  /** The page it is kept in; null for one that is not kept. */
  readonly page: CodePage | null;
}

/** A block of one instruction that reaches into the next page. It holds as long as its bytes are these, wherever they are mapped. */
export interface AcrossBlock extends Block {
  readonly bytes: readonly number[];
}

export interface CodePage {
  readonly gfn: number;
  readonly mode: CodeMode;
  /** By byte offset in the page. */
  readonly blocks: (Block | undefined)[];
  /** Bytes of the longest block so far. */
  longest: number;
  /** Instructions that begin in the page and end in the next, by byte offset. null while there are none. */
  across: Map<number, AcrossBlock> | null;
  /** By byte offset: times that what begins there was lost, MAX_LOSSES at most. null while nothing was. */
  losses: Uint8Array | null;
}

/** Pages kept before everything is dropped. It bounds memory: a page full of code takes about 100 KiB. */
const MAX_PAGES = 4096;
/** Losses are counted up to here; more would change nothing. */
const MAX_LOSSES = 10;

const MODES: readonly CodeMode[] = [2, 4, 8];

/** Distances, ascending, at which blocks begin that were entered before the translator looked at them. */
export function enteredBlocks({ blocks }: CodePage): number[] {
  const distances: number[] = [];
  blocks.forEach((block, distance) => {
    if (block !== undefined && block.heat > 0) distances.push(distance);
  });
  return distances;
}

/** Times that what begins at `start` was lost. */
export const lossesAt = ({ losses }: CodePage, start: number): number => (losses === null ? 0 : losses[start]!);

export class CodeCache implements CodeHolder {
  private readonly pages = new Map<number, CodePage>();
  private recent: CodePage | null = null;
  /** Blocks decoded and lost so far. */
  readonly counts = { decoded: 0, lost: 0 };

  /** `full` is called when there are too many pages. It must call `clear`, and have all marks taken away. */
  constructor(private readonly full: () => void) {}

  /** The page's blocks for code of `mode`, made empty if there were none. */
  page(gfn: number, mode: CodeMode): CodePage {
    const { recent } = this;
    if (recent !== null && recent.gfn === gfn && recent.mode === mode) return recent;
    const key = gfn * 16 + mode;
    let page = this.pages.get(key);
    if (page === undefined) {
      if (this.pages.size >= MAX_PAGES) this.full();
      page = { gfn, mode, blocks: new Array<Block | undefined>(4096), longest: 0, across: null, losses: null };
      this.pages.set(key, page);
    }
    this.recent = page;
    return page;
  }

  /** Keeps `ops`, the bytes start … end - 1 of the page, as the block at `start`. */
  add(page: CodePage, start: number, end: number, ops: readonly Op[]): Block {
    const leavesPage = ops.some(({ calls }) => calls);
    const block: Block = { ops, start, end, leavesPage, heat: 0, page };
    page.blocks[start] = block;
    page.longest = Math.max(page.longest, end - start);
    this.counts.decoded++;
    return block;
  }

  drop(gfn: number, from: number, to: number, gone: Mark): void {
    this.overlapping(gfn, from, to, (page, start, block) => {
      page.blocks[start] = undefined;
      this.counts.lost++;
      this.noteLoss(page, start);
      gone(start, block.end);
    });
  }

  visit(gfn: number, from: number, to: number, mark: Mark): void {
    this.overlapping(gfn, from, to, (_page, start, block) => mark(start, block.end));
  }

  clear(): void {
    this.recent = null;
    this.pages.clear();
  }

  /** A region that begins where the block at `start` does was lost: the block has to warm up anew. */
  cool(gfn: number, mode: CodeMode, start: number): void {
    const page = this.pages.get(gfn * 16 + mode);
    const block = page?.blocks[start];
    if (page === undefined || block === undefined) return;
    block.heat = 0;
    this.noteLoss(page, start);
  }

  private noteLoss(page: CodePage, start: number): void {
    page.losses ??= new Uint8Array(4096);
    if (page.losses[start]! < MAX_LOSSES) page.losses[start]!++;
  }

  /** Calls `found` with every block that has some of the bytes from … to - 1, also one that begins before them. */
  private overlapping(gfn: number, from: number, to: number, found: (page: CodePage, start: number, block: Block) => void): void {
    for (const mode of MODES) {
      const page = this.pages.get(gfn * 16 + mode);
      if (page === undefined) continue;
      for (let start = Math.max(0, from - page.longest + 1); start < to; start++) {
        const block = page.blocks[start];
        if (block !== undefined && block.end > from) found(page, start, block);
      }
    }
  }
}
