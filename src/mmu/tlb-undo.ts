// What filling an entry changes, noted before so that it can be taken back: the first entry's page, and what was where that page goes
// as a victim. Write permission is not noted: the next store redoes the EPT step, which the guest cannot see.

import { TAG_INVALID, TLB_VICTIMS, TLB_VICTIM_CONTEXTS } from './tlb-layout.ts';
import { victimOf } from './tlb.ts';
import type { Tlb } from './tlb.ts';

/** Places of one entry's words. */
const INDEX = 0;
const LOW = 1;
const HIGH = 2;
const GFN = 3;
const HOST = 4;
const INFO = 5;
const WORDS = 6;

export class TlbUndo {
  private readonly entry = new Uint32Array(WORDS);
  private readonly victim = new Uint32Array(WORDS);
  private hasVictim = false;

  constructor(private readonly tlb: Tlb) {}

  /** Entry `index` (as `locate` gives it, for a page of `context`) is about to be filled. */
  note(index: number, context: number): void {
    this.take(this.entry, index);
    const low = this.entry[LOW]!;
    this.hasVictim = low !== TAG_INVALID && context < TLB_VICTIM_CONTEXTS && index < TLB_VICTIMS;
    if (this.hasVictim) this.take(this.victim, victimOf(low, context));
  }

  /** Nothing was filled. */
  clear(): void {
    this.entry[LOW] = TAG_INVALID;
  }

  /** If the entry has another page than it had: makes all as it was. */
  takeBack(): void {
    const { entry, victim } = this;
    if (entry[LOW] === TAG_INVALID || this.tlb.holds(entry[INDEX]!, entry[LOW]!, entry[HIGH]!)) return;
    this.give(entry);
    if (this.hasVictim) this.give(victim);
  }

  private take(to: Uint32Array, index: number): void {
    const { tlb } = this;
    to[INDEX] = index;
    to[LOW] = tlb.readTag32[2 * index] === TAG_INVALID ? TAG_INVALID : tlb.views.lowOf(index);
    to[HIGH] = tlb.readTag32[2 * index + 1]!;
    to[GFN] = tlb.gfnOf(index);
    to[HOST] = tlb.hostOf(index);
    to[INFO] = tlb.info[index]!;
  }

  private give(from: Uint32Array): void {
    const index = from[INDEX]!;
    if (from[LOW] === TAG_INVALID) this.tlb.invalidate(index);
    else this.tlb.put(index, from[LOW]!, from[HIGH]!, from[GFN]!, from[HOST]!, from[INFO]!);
  }
}
