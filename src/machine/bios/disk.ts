// The disk that the machine boots from: an image that nobody changes, and over it the blocks that the guest has written. A
// checkpoint saves those of the blocks that changed. Of the image only name, kind, size and CRC are saved: another image is refused.

import { BLOCK_BYTES } from '../../base/blocks.ts';
import { crc32 } from '../../base/crc32.ts';
import type { DeviceState } from '../../base/device.ts';
import { InputError } from '../../base/errors.ts';
import { BlockOverlay } from '../../devices/block-overlay.ts';
import { disketteFor, disketteOf, fixedDiskGeometry } from './geometry.ts';
import type { Diskette, Geometry } from './geometry.ts';

export const SECTOR_BYTES = 512;
const SECTORS_PER_BLOCK = BLOCK_BYTES / SECTOR_BYTES;

export const DISK_KINDS = ['fixed', 'diskette'] as const;
/** A fixed disk, or a diskette. */
export type DiskKind = (typeof DISK_KINDS)[number];

/** A disk as it is handed to the machine. */
export interface DiskImage {
  /** For messages, and what the saved state calls it. */
  readonly name: string;
  /** Nobody may change them. What they lack to whole sectors, or to a diskette's format, reads as zeros. */
  readonly bytes: Uint8Array;
  /** What it is taken for. If not given: a diskette if it has exactly a format's size, else a fixed disk. */
  readonly kind?: DiskKind;
}

/** The numbers by which INT 13H knows drives. */
export const Drive = { DISKETTE: 0x00, FIXED: 0x80 } as const;

const FIELDS: readonly string[] = ['image', 'kind', 'bytes', 'crc'];

export class Disk {
  readonly sectors: number;
  /** The diskette's format; null for a fixed disk. */
  readonly diskette: Diskette | null;
  readonly geometry: Geometry;
  /** What was written. */
  readonly blocks: BlockOverlay;
  private crc: number | null = null;

  /** InputError for an image of no bytes, and for a diskette larger than all formats. */
  constructor(private readonly image: DiskImage) {
    const { name, bytes, kind } = image;
    if (bytes.length === 0) throw new InputError(`${name}: a boot image of no bytes`);
    const sectors = Math.ceil(bytes.length / SECTOR_BYTES);
    this.diskette = kind === 'diskette' ? fittingDiskette(name, sectors) : kind === 'fixed' ? null : exactDiskette(bytes.length);
    this.geometry = this.diskette ?? fixedDiskGeometry(sectors);
    this.sectors = this.diskette?.sectors ?? sectors;
    this.blocks = new BlockOverlay(Math.ceil(this.sectors / SECTORS_PER_BLOCK), (n) => this.ofImage(n, BLOCK_BYTES), this.what);
  }

  private get what(): string {
    return `saved state of the boot disk ${this.image.name}`;
  }

  get kind(): DiskKind {
    return this.diskette ? 'diskette' : 'fixed';
  }

  /** As INT 13H takes it in DL. */
  get drive(): number {
    return this.diskette ? Drive.DISKETTE : Drive.FIXED;
  }

  /** The 512 bytes of sector `lba` (below `sectors`), to be read only. */
  read(lba: number): Uint8Array {
    const block = this.blocks.get(Math.floor(lba / SECTORS_PER_BLOCK));
    if (block) return block.subarray(inBlock(lba), inBlock(lba) + SECTOR_BYTES);
    const sector = this.image.bytes.subarray(lba * SECTOR_BYTES, (lba + 1) * SECTOR_BYTES);
    return sector.length === SECTOR_BYTES ? sector : this.ofImage(lba, SECTOR_BYTES);
  }

  /** Keeps a copy of the 512 `bytes` as sector `lba` (below `sectors`). */
  write(lba: number, bytes: Uint8Array): void {
    this.blocks.change(Math.floor(lba / SECTORS_PER_BLOCK)).set(bytes, inBlock(lba));
  }

  /** All but what the guest wrote: `blocks` saves that. */
  save(): DeviceState {
    const { name, bytes } = this.image;
    return { image: name, kind: this.kind, bytes: bytes.length, crc: this.checksum() };
  }

  /** InputError if `state` is not what `save` gives for a disk with this image. */
  restore(state: DeviceState): void {
    const require = (holds: boolean, why: string): void => {
      if (!holds) throw new InputError(`saved state of the boot disk: ${why}`);
    };
    require(typeof state === 'object' && state !== null && !Array.isArray(state), 'not an object');
    for (const key of Object.keys(state)) require(FIELDS.includes(key), `an unknown field ${JSON.stringify(key)}`);
    const { image, kind, bytes, crc } = state;
    require(typeof image === 'string', 'image is no name');
    const same = bytes === this.image.bytes.length && crc === this.checksum();
    require(same, `it is not that of ${this.image.name}, or the file has changed`);
    require(kind === this.kind, `it is that of a ${String(kind)} disk, and ${this.image.name} is a ${this.kind} one`);
  }

  /** A copy of the n-th `length` bytes of the image, with zeros beyond its end. */
  private ofImage(n: number, length: number): Uint8Array {
    const copy = new Uint8Array(length);
    copy.set(this.image.bytes.subarray(n * length, (n + 1) * length));
    return copy;
  }

  private checksum(): number {
    this.crc ??= crc32(this.image.bytes);
    return this.crc;
  }
}

const inBlock = (lba: number): number => (lba % SECTORS_PER_BLOCK) * SECTOR_BYTES;

const exactDiskette = (bytes: number): Diskette | null => disketteOf(bytes / SECTOR_BYTES);

function fittingDiskette(name: string, sectors: number): Diskette {
  const diskette = disketteFor(sectors);
  if (!diskette) throw new InputError(`${name}: ${sectors} sectors are more than any diskette has`);
  return diskette;
}
