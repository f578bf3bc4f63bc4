// Which memslots are logged (KVM_MEM_LOG_DIRTY_PAGES), and the bitmap of each.

import type { MemslotPages } from '../base/slot-listener.ts';
import type { DirtyBitmap } from './bitmap.ts';

export interface LoggedSlot extends MemslotPages {
  /** Null where the ring alone is used. */
  readonly bitmap: DirtyBitmap | null;
}

export class LoggedSlots {
  private readonly slots = new Map<number, LoggedSlot>();
  /** Where the last page was found: the next is mostly there too. */
  private last: LoggedSlot | null = null;

  get size(): number {
    return this.slots.size;
  }

  add(slot: LoggedSlot): void {
    this.slots.set(slot.slot, slot);
  }

  /** Returns whether it was there. */
  remove(slot: number): boolean {
    this.last = null;
    return this.slots.delete(slot);
  }

  byNumber(slot: number): LoggedSlot | undefined {
    return this.slots.get(slot);
  }

  /** The slot that holds page `gfn`, null if it is not logged. */
  holding(gfn: number): LoggedSlot | null {
    if (this.last !== null && holds(this.last, gfn)) return this.last;
    for (const slot of this.slots.values()) if (holds(slot, gfn)) return (this.last = slot);
    return null;
  }
}

const holds = ({ gfn: first, count }: LoggedSlot, gfn: number): boolean => gfn >= first && gfn < first + count;
