// The harvest of a cycle: the pages that memory tracking reports, fetched and copied into a pool. For a machine that is stopped and
// quiesced, so nothing is written between fetch and copy, and pages are re-armed once the copy is kept.

import { INTERNALS } from '../base/internals.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import type { MachineParts } from '../vm/machine-parts.ts';
import type { Vm } from '../vm/vm.ts';
import type { PagePool } from './page-pool.ts';
import { PooledPages } from './pooled-pages.ts';

export class Harvest {
  private readonly parts: MachineParts;

  /** `batch`: entries fetched at a time. */
  constructor(
    private readonly vm: Vm,
    private readonly batch: number,
  ) {
    this.parts = vm[INTERNALS].parts;
  }

  /** Everything that waits in the lists, in their order. */
  fetch(): Uint32Array {
    const { mt } = this.vm;
    let { gfns, waiting } = mt.fetchSublist({ count: this.batch });
    if (waiting === 0) return gfns;
    const parts = [gfns];
    let length = gfns.length;
    while (gfns.length > 0 && waiting > 0) {
      ({ gfns, waiting } = mt.fetchSublist({ count: this.batch }));
      parts.push(gfns);
      length += gfns.length;
    }
    const all = new Uint32Array(length);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** Copies of these pages, and of `more` bytes behind them; what is no RAM any more is left out. */
  copy(gfns: Uint32Array, pool: PagePool, more: Uint8Array): PooledPages {
    const { memory } = this.parts;
    const present = this.present(gfns);
    const { length } = present;
    const slots = new Uint32Array(length + Math.ceil(more.length / PAGE_SIZE));
    for (let n = 0; n < length; n++) {
      const slot = pool.take();
      pool.fill(slot, memory.page(this.at(present[n]!)));
      slots[n] = slot;
    }
    pool.put(more, slots, length);
    return new PooledPages(pool, present, slots);
  }

  private present(gfns: Uint32Array): Uint32Array {
    for (let n = 0; n < gfns.length; n++) if (this.at(gfns[n]!) < 0) return gfns.filter((gfn) => this.at(gfn) >= 0);
    return gfns;
  }

  /** Host offset of page `gfn`, -1 if it is no RAM. */
  private at(gfn: number): number {
    return this.parts.physical.hostOffset(gfn * PAGE_SIZE);
  }
}
