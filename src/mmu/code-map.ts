// The bytes of RAM that something was decoded or translated from. They are marked to the byte, so that a store beside code is no
// store to code.
//
// A page with code has a row of 4096 bits, one a byte, in a pool of rows; `rowOf` holds the row's number by page of RAM. Row 0 is
// the row of all pages without code: none of its bits is ever set, so that a look-up need not ask whether a page has a row.
// Both lie in the linear memory, since translated code looks bytes up too (cpu/translator/runtime-module.ts).

import type { LinearMemory } from '../base/linear-memory.ts';
import { PAGE_SHIFT, PAGE_SIZE } from '../base/paging-units.ts';
import type { MemoryPlan } from '../base/state/regions.ts';

/** Pages that hold code at the same time: bounds the pool, at 512 bytes a row. */
const MAX_ROWS = 4096;
const ROW_BYTES = PAGE_SIZE / 8;
/** A look-up reads 32 bits from any byte of a row. */
const SLACK = 8;

/** Rows of the pool of a machine with `pages` pages of RAM, row 0 included. */
const rowsFor = (pages: number): number => Math.min(MAX_ROWS, pages) + 1;

/** Bytes of the regions `codeRows` and `codeBits`. */
export const codeRowsBytes = (pages: number): number => 2 * pages;
export const codeBitsBytes = (pages: number): number => ROW_BYTES * rowsFor(pages) + SLACK;

/** Bits low … high - 1, as far as a word has them. */
const maskOf = (low: number, high: number): number => (~0 << Math.max(low, 0)) & (~0 >>> Math.max(32 - high, 0));

export class CodeMap {
  /**
   * For look-ups by translated code: the row of the page at host offset `host` is the u16 at `rows` + 2 * (host >>> 12), modulo
   * 2^32, and row r begins at byte `bits` + 512 * r.
   */
  readonly layout: { readonly rows: number; readonly bits: number };
  private readonly rowOf: Uint16Array;
  private readonly words: Uint32Array;
  private readonly firstPage: number;
  private readonly rows: number;
  private readonly free: number[] = [];
  private used = 1;

  /** Of a new machine, whose memory is still zero. Host offsets are those of guest RAM. */
  constructor(memory: LinearMemory, plan: MemoryPlan) {
    const ram = plan.ram!;
    const { buffer } = memory.memory;
    const pages = ram.bytes / PAGE_SIZE;
    const rows = plan.codeRows!.offset;
    const bits = plan.codeBits!.offset;
    this.firstPage = ram.offset / PAGE_SIZE;
    this.layout = { rows: rows - 2 * this.firstPage, bits };
    this.rowOf = new Uint16Array(buffer, rows, pages);
    this.rows = rowsFor(pages);
    this.words = new Uint32Array(buffer, bits, (this.rows * ROW_BYTES) / 4);
  }

  /** Index in `rowOf` of the page of the byte at host offset `at`. Nothing else knows by what the rows are found. */
  private placeOf(at: number): number {
    return (at >>> PAGE_SHIFT) - this.firstPage;
  }

  /** Whether the page of the byte at host offset `at` holds any code. */
  hasCode(at: number): boolean {
    return this.rowOf[this.placeOf(at)] !== 0;
  }

  /** Whether any of `bytes` bytes at host offset `at`, all in one page, is code. */
  meets(at: number, bytes: number): boolean {
    const row = this.rowOf[this.placeOf(at)]!;
    if (row === 0) return false;
    const { words } = this;
    const from = row * PAGE_SIZE + (at & (PAGE_SIZE - 1));
    const to = from + bytes;
    for (let word = from >>> 5; 32 * word < to; word++) {
      if ((words[word]! & maskOf(from - 32 * word, to - 32 * word)) !== 0) return true;
    }
    return false;
  }

  /** Marks the bytes as code. False, with nothing marked, when the page would need a row and none is free. */
  mark(at: number, bytes: number): boolean {
    const place = this.placeOf(at);
    if (this.rowOf[place] === 0) {
      const row = this.takeRow();
      if (row === 0) return false;
      this.rowOf[place] = row;
    }
    this.change(this.rowOf[place]!, at & (PAGE_SIZE - 1), bytes, true);
    return true;
  }

  /** The bytes are no code any more. The page keeps its row: see `release`. */
  unmark(at: number, bytes: number): void {
    const row = this.rowOf[this.placeOf(at)]!;
    if (row !== 0) this.change(row, at & (PAGE_SIZE - 1), bytes, false);
  }

  /** Takes the page's row from it if none of its bytes is code any more. Returns whether it did. */
  release(at: number): boolean {
    const place = this.placeOf(at);
    const row = this.rowOf[place]!;
    if (row === 0) return false;
    const first = (row * ROW_BYTES) / 4;
    for (let word = first; word < first + ROW_BYTES / 4; word++) if (this.words[word] !== 0) return false;
    this.rowOf[place] = 0;
    this.free.push(row);
    return true;
  }

  /** No page holds code. */
  clear(): void {
    this.rowOf.fill(0);
    this.words.fill(0);
    this.free.length = 0;
    this.used = 1;
  }

  /** A row without code, or 0. */
  private takeRow(): number {
    const freed = this.free.pop();
    if (freed !== undefined) return freed;
    return this.used < this.rows ? this.used++ : 0;
  }

  private change(row: number, offset: number, bytes: number, code: boolean): void {
    const { words } = this;
    const from = row * PAGE_SIZE + offset;
    const to = from + bytes;
    for (let word = from >>> 5; 32 * word < to; word++) {
      const mask = maskOf(from - 32 * word, to - 32 * word);
      words[word] = code ? words[word]! | mask : words[word]! & ~mask;
    }
  }
}
