// Which write-TLB entry of one vCPU holds a page. By this, the cost of re-arming is that of the pages re-armed. Pages are known by
// where they lie in RAM, which the entry knows.
//
// slotOf[page of RAM] is 0 (none), the entry's index + 1, MANY, or DOOMED while `dropAll` runs. Invariant: if any entry with a valid
// writeTag holds the page, slotOf is MANY or names that entry and there is no other. The converse need not hold: a flush
// leaves names and MANY behind, and whoever uses a name checks it against the entry.

import type { LinearMemory } from '../base/linear-memory.ts';
import { PAGE_SHIFT, PAGE_SIZE } from '../base/paging-units.ts';
import type { MemoryPlan } from '../base/state/regions.ts';
import type { EntrySet } from './entry-set.ts';
import type { Ept } from './ept.ts';
import { EPT_ADDRESS } from './ept-entry.ts';
import { TAG_INVALID } from './tlb-layout.ts';
import type { TlbViews } from './tlb-views.ts';

const MANY = 0xffff;
const DOOMED = 0xfffe;

export class WriteSlots {
  readonly slotOf: Uint16Array;
  private readonly firstPage: number;
  private readonly writeTag: Uint32Array;
  private readonly occupied: EntrySet;

  constructor(
    memory: LinearMemory,
    plan: MemoryPlan,
    vcpu: number,
    private readonly views: TlbViews,
    private readonly ept: Ept,
  ) {
    const ram = plan.ram!;
    const pages = ram.bytes / PAGE_SIZE;
    this.slotOf = new Uint16Array(memory.memory.buffer, plan.slotOf!.offset + 2 * pages * vcpu, pages);
    this.firstPage = ram.offset / PAGE_SIZE;
    this.writeTag = views.writeTag32;
    this.occupied = views.occupied;
  }

  /** Index in `slotOf` of the page at host offset `host`. */
  pageOf(host: number): number {
    return (host >>> PAGE_SHIFT) - this.firstPage;
  }

  /** Entry `index`, whose writeTag is about to become valid, holds a page. */
  add(index: number): void {
    const host = this.views.hostOf(index);
    const page = this.pageOf(host);
    const slot = this.slotOf[page]!;
    if (slot === MANY) return;
    const another = slot !== 0 && slot !== index + 1 && this.holds(slot - 1, host);
    this.slotOf[page] = another ? MANY : index + 1;
  }

  /** Entry `index`, whose writeTag is valid, is about to lose its page. */
  remove(index: number): void {
    const page = this.pageOf(this.views.hostOf(index));
    if (this.slotOf[page] === index + 1) this.slotOf[page] = 0;
  }

  /** Takes write permission of the page at host offset `host` out of every entry. Translations stay. */
  drop(host: number): void {
    const page = this.pageOf(host);
    const slot = this.slotOf[page]!;
    if (slot === 0) return;
    this.slotOf[page] = 0;
    if (slot !== MANY) this.dropAt(slot - 1, host);
    else this.scan((index) => this.dropAt(index, host));
  }

  /** `drop` for each of the pages gfns[0 … count-1] that is RAM. O(count), plus at most one scan of the TLB. */
  dropAll(gfns: ArrayLike<number>, count: number): void {
    const { slotOf, ept } = this;
    let doomed = false;
    for (let i = 0; i < count; i++) {
      const leaf = ept.leafOf(gfns[i]!);
      if (leaf === 0) continue;
      const host = (leaf & EPT_ADDRESS) >>> 0;
      const page = this.pageOf(host);
      const slot = slotOf[page]!;
      if (slot === 0 || slot === DOOMED) continue;
      if (slot === MANY) {
        slotOf[page] = DOOMED;
        doomed = true;
      } else {
        slotOf[page] = 0;
        this.dropAt(slot - 1, host);
      }
    }
    if (!doomed) return;
    this.scan((index) => {
      if (slotOf[this.pageOf(this.views.hostOf(index))] === DOOMED) this.writeTag[2 * index] = TAG_INVALID;
    });
    for (let i = 0; i < count; i++) {
      const leaf = ept.leafOf(gfns[i]!);
      if (leaf === 0) continue;
      const page = this.pageOf(leaf & EPT_ADDRESS);
      if (slotOf[page] === DOOMED) slotOf[page] = 0;
    }
  }

  /** Takes every write permission away. */
  dropEverything(): void {
    this.scan((index) => {
      this.writeTag[2 * index] = TAG_INVALID;
    });
  }

  private holds(index: number, host: number): boolean {
    return this.writeTag[2 * index] !== TAG_INVALID && this.views.hostOf(index) === host;
  }

  private dropAt(index: number, host: number): void {
    if (this.views.hostOf(index) === host) this.writeTag[2 * index] = TAG_INVALID;
  }

  private scan(visit: (index: number) => void): void {
    const { occupied } = this;
    for (let index = occupied.next(0); index >= 0; index = occupied.next(index + 1)) visit(index);
  }
}
