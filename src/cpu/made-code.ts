// What is kept of code: decoded blocks, translated regions. When bytes of a page change, what was made from any of them goes, and
// nothing else. The invariant: a byte is marked as code (mmu/code-map.ts) exactly if something that is kept was made from it.

import { PAGE_SIZE } from '../base/paging-units.ts';
import type { PhysicalMemory } from '../mmu/physical-memory.ts';

/** Bytes from … to - 1 of a page. */
export type Mark = (from: number, to: number) => void;

/** A set of things made from code. */
export interface CodeHolder {
  /** Drops what was made from any of the bytes from … to - 1 of page `gfn`. Calls `gone` with all bytes that each was made from. */
  drop(gfn: number, from: number, to: number, gone: Mark): void;
  /** Finds what was made from any of the bytes from … to - 1 of page `gfn`. Calls `mark` with all bytes that each was made from. */
  visit(gfn: number, from: number, to: number, mark: Mark): void;
  /** Drops everything. */
  clear(): void;
}

export class MadeCode {
  private low = 0;
  private high = 0;
  private readonly widen: Mark = (from, to) => {
    this.low = Math.min(this.low, from);
    this.high = Math.max(this.high, to);
  };

  constructor(
    private readonly physical: PhysicalMemory,
    private readonly holders: readonly CodeHolder[],
  ) {}

  /** Bytes from … to - 1 of page `gfn` are about to change. */
  invalidate(gfn: number, from: number, to: number): void {
    this.low = from;
    this.high = to;
    for (const holder of this.holders) holder.drop(gfn, from, to, this.widen);
    this.remark(gfn, this.low, this.high);
  }

  /** Things made from page `gfn` were dropped for another reason. */
  remarkPage(gfn: number): void {
    this.remark(gfn, 0, PAGE_SIZE);
  }

  /** Drops everything. The marks are the caller's. */
  forget(): void {
    for (const holder of this.holders) holder.clear();
  }

  private remark(gfn: number, from: number, to: number): void {
    const mark: Mark = (low, high) => this.physical.markCode(gfn, low, high);
    this.physical.remarkCode(gfn, from, to, () => {
      for (const holder of this.holders) holder.visit(gfn, from, to, mark);
    });
  }
}
