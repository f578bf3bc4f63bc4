// One walk of the guest's page tables in progress: what it has read, and where, so that A and D can be set when the whole
// walk has succeeded (all or nothing).

import { PAGE_MASK } from '../../base/paging-units.ts';
import type { SecondLevel } from '../second-level.ts';
import { PTE_A, PTE_D } from './entry.ts';

const MAX_LEVELS = 4;
/** In place of an entry's index: the entry is not in RAM. */
const NOWHERE = -1;

export class WalkState {
  /** Halves of the entry read last. 32-bit entries leave `high` 0. */
  low = 0;
  high = 0;
  /** Set by a walk that found a page: its frame for this linear address, and log2 of the page's size. */
  gfn = 0;
  shift = 12;
  /** Over all entries read: AND of the low halves, OR of the high halves. */
  allLow = 0;
  anyHigh = 0;
  private used = 0;
  private readonly words = new Int32Array(MAX_LEVELS);
  private readonly frames = new Int32Array(MAX_LEVELS);

  constructor(
    private readonly u32: Uint32Array,
    private readonly second: SecondLevel,
  ) {}

  begin(): void {
    this.used = 0;
    this.low = this.high = 0;
    this.allLow = -1;
    this.anyHigh = 0;
  }

  /** Reads the 64-bit entry `index` of the table in page `frame`. A table that is not RAM reads as all ones. */
  read64(frame: number, index: number): void {
    const page = this.second.structurePage(frame);
    const word = page < 0 ? NOWHERE : (page >>> 2) + 2 * index;
    this.low = page < 0 ? -1 : this.u32[word]! | 0;
    this.high = page < 0 ? -1 : this.u32[word + 1]! | 0;
    this.note(frame, word);
  }

  /** The same for a 32-bit entry. */
  read32(frame: number, index: number): void {
    const page = this.second.structurePage(frame);
    const word = page < 0 ? NOWHERE : (page >>> 2) + index;
    this.low = page < 0 ? -1 : this.u32[word]! | 0;
    this.note(frame, word);
  }

  private note(frame: number, word: number): void {
    this.allLow &= this.low;
    this.anyHigh |= this.high;
    this.words[this.used] = word;
    this.frames[this.used] = frame;
    this.used++;
  }

  /**
   * Sets A in every entry used and, at a write, D in the last. Each write is an access of its own to a guest paging structure.
   * An entry that the guest cannot write (a table in ROM or in no RAM at all) stays as it is.
   */
  commit(write: boolean): void {
    for (let i = 0; i < this.used; i++) {
      const word = this.words[i]!;
      if (word === NOWHERE) continue;
      const set = write && i === this.used - 1 ? PTE_A | PTE_D : PTE_A;
      if ((this.u32[word]! & set) === set) continue;
      if (this.second.structureWrite(this.frames[i]!, (word << 2) & PAGE_MASK) >= 0) this.u32[word] |= set;
    }
  }
}
