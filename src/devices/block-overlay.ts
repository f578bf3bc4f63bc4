// Written blocks, over a background that never changes. A block that was handed out never changes again: the next write replaces
// it. So a harvest copies nothing.

import { BLOCK_BYTES } from '../base/blocks.ts';
import type { BlockImage, BlockStore, BlockTracker } from '../base/blocks.ts';
import { InputError } from '../base/errors.ts';

export class BlockOverlay implements BlockStore {
  private readonly blocks = new Map<number, Uint8Array>();
  /** Blocks that nobody else holds: they are written in place. */
  private readonly own = new Set<number>();
  private readonly trackers = new Set<Tracker>();

  /** `background` gives a fresh copy of block n as it was before any write; `what` names the device in messages. */
  constructor(
    private readonly count: number,
    private readonly background: (n: number) => Uint8Array,
    private readonly what: string,
  ) {}

  /** Block `n` if it was ever written, to be read only. */
  get(n: number): Uint8Array | undefined {
    return this.blocks.get(n);
  }

  /** Block `n`, to be written to until anything else is asked of the overlay. */
  change(n: number): Uint8Array {
    for (const { changed } of this.trackers) changed.add(n);
    const old = this.blocks.get(n);
    if (old && this.own.has(n)) return old;
    const block = old ? new Uint8Array(old) : this.background(n);
    this.blocks.set(n, block);
    this.own.add(n);
    return block;
  }

  save(): BlockImage {
    this.own.clear();
    return new Map(this.blocks);
  }

  restore(image: BlockImage): void {
    this.check(image);
    // For a tracker, a block that goes back to the background is a change like any other.
    const reverted = this.trackers.size > 0 ? [...this.blocks.keys()].filter((n) => !image.has(n)) : [];
    this.blocks.clear();
    this.own.clear();
    for (const [n, block] of image) this.blocks.set(n, block);
    for (const n of reverted) this.blocks.set(n, this.background(n));
    for (const { changed } of this.trackers) for (const n of this.blocks.keys()) changed.add(n);
  }

  track(): BlockTracker {
    const tracker = new Tracker(
      (numbers) => this.handOut(numbers),
      () => this.trackers.delete(tracker),
    );
    this.trackers.add(tracker);
    return tracker;
  }

  private handOut(numbers: Iterable<number>): BlockImage {
    const image = new Map<number, Uint8Array>();
    for (const n of numbers) image.set(n, this.blocks.get(n) ?? this.background(n));
    for (const n of image.keys()) this.own.delete(n);
    return image;
  }

  private check(image: BlockImage): void {
    for (const [n, block] of image) {
      if (block.length !== BLOCK_BYTES) {
        throw new InputError(`${this.what}: block ${String(n)} is not ${BLOCK_BYTES} bytes`);
      }
      if (!Number.isInteger(n) || n < 0 || n >= this.count) throw new InputError(`${this.what}: there is no block ${String(n)}`);
    }
  }
}

class Tracker implements BlockTracker {
  readonly changed = new Set<number>();

  constructor(
    private readonly handOut: (numbers: Iterable<number>) => BlockImage,
    readonly stop: () => void,
  ) {}

  take(): BlockImage {
    const image = this.handOut(this.changed);
    this.changed.clear();
    return image;
  }

  putBack(image: BlockImage): void {
    for (const n of image.keys()) this.changed.add(n);
  }
}
