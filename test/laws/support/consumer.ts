// Who keeps a copy of a machine's memory by nothing but what memory tracking reports: the tests' own shadow, which shares no
// code with the one behind `verify`.

import type { Vm } from '../../../src/vm/vm.ts';
import { PAGE } from './configurations.ts';

interface Slot {
  readonly gfn: number;
  readonly pages: number;
}

const ZERO = new Uint8Array(PAGE);

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export class Consumer {
  /** Of memslots by the number of their first page: as long as the memslot. */
  private readonly copies = new Map<number, Uint8Array>();

  /** Copies all memory once. */
  constructor(private readonly vm: Vm) {
    for (const slot of this.slots()) this.copyOf(slot).set(this.live(slot));
  }

  /** Copies these pages as they are now. */
  take(gfns: Iterable<number>): void {
    const slots = this.slots();
    for (const gfn of gfns) this.store(slots, gfn, this.vm.page(gfn) ?? ZERO);
  }

  /** Takes over a copy that someone else made. */
  put(gfn: number, page: Uint8Array): void {
    this.store(this.slots(), gfn, page);
  }

  /** Pages whose bytes are not those of the copy: what tracking lost. Looks at all of memory. */
  lost(): number[] {
    return this.slots().flatMap((slot) => {
      const [live, copy] = [this.live(slot), this.copyOf(slot)];
      // A memslot at once, because nearly always nothing is lost.
      if (equal(live, copy)) return [];
      const isLost = (n: number): boolean => !equal(live.subarray(n * PAGE, (n + 1) * PAGE), copy.subarray(n * PAGE, (n + 1) * PAGE));
      return Array.from({ length: slot.pages }, (_, n) => n)
        .filter(isLost)
        .map((n) => slot.gfn + n);
    });
  }

  private store(slots: readonly Slot[], gfn: number, page: Uint8Array): void {
    const slot = slots.find((each) => gfn >= each.gfn && gfn < each.gfn + each.pages);
    if (slot) this.copyOf(slot).set(page, (gfn - slot.gfn) * PAGE);
  }

  /** The copy of a memslot; of one that was not there before, zeros. */
  private copyOf({ gfn, pages }: Slot): Uint8Array {
    const known = this.copies.get(gfn);
    if (known?.length === pages * PAGE) return known;
    const copy = new Uint8Array(pages * PAGE);
    this.copies.set(gfn, copy);
    return copy;
  }

  /** The bytes of a memslot, which are one piece of the machine's memory. */
  private live({ gfn, pages }: Slot): Uint8Array {
    const [first, last] = [this.vm.page(gfn)!, this.vm.page(gfn + pages - 1)!];
    if (last.byteOffset - first.byteOffset !== (pages - 1) * PAGE) throw new Error(`the memslot at page ${gfn} is in pieces`);
    return new Uint8Array(first.buffer, first.byteOffset, pages * PAGE);
  }

  private slots(): Slot[] {
    return this.vm.memslots.map(({ guestPhysAddr, memorySize }) => ({ gfn: guestPhysAddr / PAGE, pages: memorySize / PAGE }));
  }
}
