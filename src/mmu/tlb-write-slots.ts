// Which write-TLB entry of one vCPU holds a page: what makes re-arming cost as much as the pages re-armed.
//
// slotOf[place of the page] is 0 (none), the entry's index + 1, MANY, or DOOMED while `dropAll` runs. Invariant: if any entry with a valid
// writeTag holds the page, slotOf is MANY or names that entry and there is no other. The converse need not hold: a flush
// leaves names and MANY behind, and whoever uses a name checks it against the entry.

import type { LinearMemory } from '../base/linear-memory.ts';
import { PagePlaces, placesOf } from '../base/page-places.ts';
import type { MachineShape, RegionPlan } from '../base/state/regions.ts';
import { TAG_INVALID } from './tlb-layout.ts';
import type { TlbViews } from './tlb-views.ts';

const MANY = 0xffff;
const DOOMED = 0xfffe;

export class WriteSlots {
  readonly slotOf: Uint16Array;
  readonly places: PagePlaces;
  private readonly writeTag: Uint32Array;
  private readonly gfn: Uint32Array;
  private readonly occupied: Uint32Array;

  constructor(memory: LinearMemory, plan: RegionPlan, shape: MachineShape, vcpu: number, views: TlbViews) {
    const length = placesOf(shape);
    this.slotOf = new Uint16Array(memory.memory.buffer, plan.slotOf!.offset + 2 * length * vcpu, length);
    this.places = new PagePlaces(memory, plan, shape);
    this.writeTag = views.writeTag32;
    this.gfn = views.gfn;
    this.occupied = views.occupied;
  }

  /** Entry `index`, whose writeTag is about to become valid, holds page `gfn`. */
  add(gfn: number, index: number): void {
    const place = this.places.of(gfn);
    const slot = this.slotOf[place]!;
    if (slot === MANY) return;
    const another = slot !== 0 && slot !== index + 1 && this.holds(slot - 1, gfn);
    this.slotOf[place] = another ? MANY : index + 1;
  }

  /** Entry `index`, whose writeTag is valid, is about to lose page `gfn`. */
  remove(gfn: number, index: number): void {
    const place = this.places.of(gfn);
    if (this.slotOf[place] === index + 1) this.slotOf[place] = 0;
  }

  /** Takes write permission of page `gfn` out of every entry. Translations stay. */
  drop(gfn: number): void {
    const place = this.places.of(gfn);
    const slot = this.slotOf[place]!;
    if (slot === 0) return;
    this.slotOf[place] = 0;
    if (slot !== MANY) this.dropAt(slot - 1, gfn);
    else this.scan((index) => this.dropAt(index, gfn));
  }

  /** `drop` for each of gfns[0 … count-1]. O(count), plus at most one scan of the TLB. */
  dropAll(gfns: ArrayLike<number>, count: number): void {
    const { slotOf, places } = this;
    let doomed = false;
    for (let i = 0; i < count; i++) {
      const gfn = gfns[i]!;
      const place = places.of(gfn);
      const slot = slotOf[place]!;
      if (slot === 0 || slot === DOOMED) continue;
      if (slot === MANY) {
        slotOf[place] = DOOMED;
        doomed = true;
      } else {
        slotOf[place] = 0;
        this.dropAt(slot - 1, gfn);
      }
    }
    if (!doomed) return;
    this.scan((index) => {
      if (slotOf[places.of(this.gfn[index]!)] === DOOMED) this.writeTag[2 * index] = TAG_INVALID;
    });
    for (let i = 0; i < count; i++) {
      const place = places.of(gfns[i]!);
      if (slotOf[place] === DOOMED) slotOf[place] = 0;
    }
  }

  /** Takes every write permission away. */
  dropEverything(): void {
    this.scan((index) => {
      this.writeTag[2 * index] = TAG_INVALID;
    });
  }

  private holds(index: number, gfn: number): boolean {
    return this.writeTag[2 * index] !== TAG_INVALID && this.gfn[index] === gfn;
  }

  private dropAt(index: number, gfn: number): void {
    if (this.gfn[index] === gfn) this.writeTag[2 * index] = TAG_INVALID;
  }

  private scan(visit: (index: number) => void): void {
    const { occupied } = this;
    for (let word = 0; word < occupied.length; word++) {
      for (let bits = occupied[word]!; bits !== 0; bits &= bits - 1) visit(word * 32 + 31 - Math.clz32(bits & -bits));
    }
  }
}
