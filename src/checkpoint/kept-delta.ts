// A cycle as the checkpointer hands it to a store. The state of its machine lies as bytes beside the pages; named data are made of it
// when somebody asks.

import type { BlockImages } from '../base/blocks.ts';
import type { CoreCapture } from '../vm/core-capture.ts';
import type { VmCore } from '../vm/save.ts';
import type { PooledPages } from './pooled-pages.ts';
import type { DeltaCheckpoint, GuestEnd } from './store.ts';

/** A property of its own, and one for all: it goes along where a delta is spread into another, and costs nothing to make. */
const STATE: PropertyDescriptor & ThisType<KeptDelta> = {
  enumerable: true,
  get() {
    return this.decoded();
  },
};

export class KeptDelta implements DeltaCheckpoint {
  declare readonly state: VmCore;
  readonly #core: CoreCapture;
  #decoded: VmCore | null = null;

  /** `pages`: behind them lie the bytes of `core`. */
  constructor(
    readonly cpid: number,
    core: CoreCapture,
    readonly pages: PooledPages,
    readonly blocks: BlockImages,
    readonly hash: string | null,
    readonly end: GuestEnd | null,
  ) {
    this.#core = core;
    Object.defineProperty(this, 'state', STATE);
  }

  decoded(): VmCore {
    const { pool, slots, size } = this.pages;
    return (this.#decoded ??= this.#core.decode(pool.read(slots, size, this.#core.bytes.length)));
  }
}
