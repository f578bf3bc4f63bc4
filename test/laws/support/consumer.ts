// Who keeps a copy of a machine's memory by nothing but what memory tracking reports: the tests' own shadow, which shares no
// code with the one behind `verify`.

import type { Vm } from '../../../src/vm/vm.ts';
import { PAGE } from './configurations.ts';

const ZERO = new Uint8Array(PAGE);

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export class Consumer {
  private readonly copies = new Map<number, Uint8Array>();

  /** Copies all memory once. */
  constructor(private readonly vm: Vm) {
    for (const gfn of this.pages()) this.take([gfn]);
  }

  /** Copies these pages as they are now. */
  take(gfns: Iterable<number>): void {
    for (const gfn of gfns) {
      const page = this.vm.page(gfn);
      if (page === null || equal(page, ZERO)) this.copies.delete(gfn);
      else this.copies.set(gfn, new Uint8Array(page));
    }
  }

  /** Takes over a copy that someone else made. */
  put(gfn: number, page: Uint8Array): void {
    this.copies.set(gfn, page);
  }

  /** Pages whose bytes are not those of the copy: what tracking lost. Looks at all of memory. */
  lost(): number[] {
    return this.pages().filter((gfn) => !equal(this.vm.page(gfn)!, this.copies.get(gfn) ?? ZERO));
  }

  /** Page numbers of all memslots. */
  private pages(): number[] {
    return this.vm.memslots.flatMap(({ guestPhysAddr, memorySize }) =>
      Array.from({ length: memorySize / PAGE }, (_, n) => guestPhysAddr / PAGE + n),
    );
  }
}
