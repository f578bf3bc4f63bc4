// Typed views of one vCPU's TLB. Tags are seen as 32-bit halves: low at 2i, high (signed, as unsigned) at 2i + 1.

import type { LinearMemory } from '../base/linear-memory.ts';
import { viewsOf } from '../base/state/table.ts';
import type { MemoryPlan } from '../base/state/regions.ts';
import { EntrySet } from './entry-set.ts';
import { Fragments } from './fragments.ts';
import { TLB_ENTRIES, TLB_LAYOUT } from './tlb-layout.ts';

export class TlbViews {
  readonly readTag32: Uint32Array;
  readonly writeTag32: Uint32Array;
  /** Of entry i: at 2i what makes a linear address the host offset, modulo 2^32; at 2i + 1 the guest frame number. */
  readonly place: Uint32Array;
  readonly info: Uint16Array;
  /** Entries that hold a translation. */
  readonly occupied: EntrySet;
  /** Those among them that are fragments of a larger page. */
  readonly large: EntrySet;
  /** Where these can lie. */
  readonly fragments: Fragments;
  /** Byte offset of this TLB in the linear memory; add TLB_LAYOUT.offset for a field. */
  readonly base: number;

  constructor(memory: LinearMemory, plan: MemoryPlan, vcpu: number) {
    this.base = plan.tlb!.offset + vcpu * TLB_LAYOUT.size;
    const tags = (name: 'readTag' | 'writeTag'): Uint32Array =>
      new Uint32Array(memory.memory.buffer, this.base + TLB_LAYOUT.offset[name], 2 * TLB_ENTRIES);
    this.readTag32 = tags('readTag');
    this.writeTag32 = tags('writeTag');
    const views = viewsOf(TLB_LAYOUT, memory, this.base);
    this.place = views.place;
    this.info = views.info;
    this.occupied = new EntrySet(views.occupied, views.occupiedSummary);
    this.large = new EntrySet(views.large, views.largeSummary);
    this.fragments = new Fragments(views.fragments);
  }

  /** Low half of the linear address of the page that entry `index` translates. */
  lowOf(index: number): number {
    return (this.readTag32[2 * index]! & ~0xfff) >>> 0;
  }

  /** Host offset of that page. */
  hostOf(index: number): number {
    return (this.place[2 * index]! + (this.readTag32[2 * index]! & ~0xfff)) >>> 0;
  }
}
