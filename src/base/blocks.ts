// Contents of a device that are too large to be saved whole in every checkpoint, such as what a guest wrote to its disk. They are
// numbered blocks of one page's size, and a checkpoint takes only those that changed.

import { InputError } from './errors.ts';

/** Bytes of a block: a page, so that containers hold both alike. */
export const BLOCK_BYTES = 4096;

/** Blocks by number, each of BLOCK_BYTES. Whoever is given one must not change the bytes. */
export type BlockImage = ReadonlyMap<number, Uint8Array>;

/** The same in a saved state: bytes holds the blocks in the order of their numbers' list. */
export interface SavedBlocks {
  /** Ascending. */
  readonly numbers: readonly number[];
  /** BLOCK_BYTES for each. */
  readonly bytes: Uint8Array;
}

/** By the device's name. */
export type BlockImages = ReadonlyMap<string, BlockImage>;

/** Which blocks changed, for one consumer; others have trackers of their own. */
export interface BlockTracker {
  /** The blocks that changed since the last call, as they are now; they count as unchanged from here on. */
  take(): BlockImage;
  /** What was taken could not be kept: its blocks count as changed again. */
  putBack(image: BlockImage): void;
  /** Ends the tracking. */
  stop(): void;
}

/** Contents of a device that are saved by what changed. */
export interface BlockStore {
  /** All blocks that differ from those of a fresh device. */
  save(): BlockImage;
  /** Makes the contents those that `save` gave. InputError, and nothing changes, if they cannot be this device's. */
  restore(image: BlockImage): void;
  /** Begins to note changes. */
  track(): BlockTracker;
}

export function packBlocks(image: BlockImage): SavedBlocks {
  const numbers = [...image.keys()].sort((a, b) => a - b);
  const bytes = new Uint8Array(numbers.length * BLOCK_BYTES);
  numbers.forEach((number, n) => bytes.set(image.get(number)!, n * BLOCK_BYTES));
  return { numbers, bytes };
}

/** What was packed. InputError, beginning with `what`, if `saved` is nothing that `packBlocks` gives. */
export function unpackBlocks(saved: SavedBlocks, what: string): BlockImage {
  const isPacked = typeof saved === 'object' && saved !== null && Array.isArray(saved.numbers) && saved.bytes instanceof Uint8Array;
  if (!isPacked) throw new InputError(`${what}: no list of numbers with bytes`);
  const { numbers, bytes } = saved;
  if (bytes.length !== numbers.length * BLOCK_BYTES) {
    throw new InputError(`${what}: ${numbers.length} blocks, but ${bytes.length} bytes`);
  }
  const image = new Map(numbers.map((number, n) => [number, bytes.slice(n * BLOCK_BYTES, (n + 1) * BLOCK_BYTES)]));
  if (image.size < numbers.length) throw new InputError(`${what}: a block is listed twice`);
  return image;
}
