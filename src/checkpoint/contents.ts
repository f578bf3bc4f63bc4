// Memory and devices' blocks as they grow from a base by the deltas after it.

import type { BlockImage, BlockImages } from '../base/blocks.ts';
import type { MemoryImage } from '../snapshot/memory-image.ts';

interface Piece {
  readonly pages: MemoryImage;
  readonly blocks: BlockImages;
}

export class Contents {
  readonly pages: MemoryImage;
  private readonly devices: Map<string, Map<number, Uint8Array>>;

  /** Those of the base, in maps of its own. */
  constructor({ pages, blocks }: Piece) {
    this.pages = new Map(pages);
    this.devices = new Map([...blocks].map(([name, image]) => [name, new Map(image)]));
  }

  get blocks(): BlockImages {
    return this.devices;
  }

  /** What the delta has replaces what was there. */
  add({ pages, blocks }: Piece): void {
    for (const [gfn, page] of pages) this.pages.set(gfn, page);
    for (const [name, image] of blocks) this.addBlocks(name, image);
  }

  private addBlocks(name: string, image: BlockImage): void {
    const device = this.devices.get(name) ?? new Map<number, Uint8Array>();
    this.devices.set(name, device);
    for (const [n, block] of image) device.set(n, block);
  }
}
