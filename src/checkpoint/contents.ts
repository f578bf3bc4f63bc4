// Memory and devices' blocks as they grow from a base by the deltas after it.

import type { BlockImage, BlockImages } from '../base/blocks.ts';
import type { MemoryImage } from '../snapshot/memory-image.ts';

interface Piece {
  readonly pages: MemoryImage;
  readonly blocks: BlockImages;
}

export class Contents {
  private readonly memory: Map<number, Uint8Array>;
  private readonly devices: DeviceContents;

  /** Those of the base, in maps of its own. */
  constructor({ pages, blocks }: Piece) {
    this.memory = new Map(pages);
    this.devices = new DeviceContents(blocks);
  }

  get pages(): MemoryImage {
    return this.memory;
  }

  get blocks(): BlockImages {
    return this.devices.images;
  }

  /** What the delta has replaces what was there. */
  add({ pages, blocks }: Piece): void {
    for (const [gfn, page] of pages) this.memory.set(gfn, page);
    this.devices.add(blocks);
  }
}

/** The same of the devices alone. */
export class DeviceContents {
  readonly images: Map<string, Map<number, Uint8Array>>;

  constructor(blocks: BlockImages) {
    this.images = new Map([...blocks].map(([name, image]) => [name, new Map(image)]));
  }

  add(blocks: BlockImages): void {
    for (const [name, image] of blocks) this.addBlocks(name, image);
  }

  private addBlocks(name: string, image: BlockImage): void {
    const device = this.images.get(name) ?? new Map<number, Uint8Array>();
    this.images.set(name, device);
    for (const [n, block] of image) device.set(n, block);
  }
}
