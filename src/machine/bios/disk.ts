// The disk that the machine boots from: an image that nobody changes, and over it the sectors that the guest has written.
// Those are saved state; the image itself is not, but its size and CRC are, so that another image is refused.

import { fromBase64, toBase64 } from '../../base/base64.ts';
import { crc32 } from '../../base/crc32.ts';
import type { DeviceState } from '../../base/device.ts';
import { InputError } from '../../base/errors.ts';
import { disketteOf, fixedDiskGeometry } from './geometry.ts';
import type { Diskette, Geometry } from './geometry.ts';

export const SECTOR_BYTES = 512;

export interface DiskImage {
  /** For messages, and what the saved state calls it. */
  readonly name: string;
  /** Whole sectors of 512 bytes; not changed, and not to be changed. */
  readonly bytes: Uint8Array;
}

/** The numbers by which INT 13H knows drives. */
export const Drive = { DISKETTE: 0x00, FIXED: 0x80 } as const;

const FIELDS = ['image', 'bytes', 'crc', 'sectors', 'data'];

export class Disk {
  readonly sectors: number;
  /** The diskette format of that size; null for a fixed disk. */
  readonly diskette: Diskette | null;
  readonly geometry: Geometry;
  private readonly written = new Map<number, Uint8Array>();
  /** The written sectors as they are saved, until they are written again. */
  private readonly texts = new Map<number, string>();
  private crc: number | null = null;

  /** InputError unless the image is a positive number of whole sectors. */
  constructor(private readonly image: DiskImage) {
    const { name, bytes } = image;
    if (bytes.length === 0) throw new InputError(`${name}: a boot image of no bytes`);
    if (bytes.length % SECTOR_BYTES !== 0) {
      throw new InputError(`${name}: a boot image of odd size: ${bytes.length} bytes is not a multiple of ${SECTOR_BYTES}`);
    }
    this.sectors = bytes.length / SECTOR_BYTES;
    this.diskette = disketteOf(this.sectors);
    this.geometry = this.diskette ?? fixedDiskGeometry(this.sectors);
  }

  /** As INT 13H takes it in DL. */
  get drive(): number {
    return this.diskette ? Drive.DISKETTE : Drive.FIXED;
  }

  /** The 512 bytes of sector `lba` (below `sectors`), to be read only. */
  read(lba: number): Uint8Array {
    return this.written.get(lba) ?? this.image.bytes.subarray(lba * SECTOR_BYTES, (lba + 1) * SECTOR_BYTES);
  }

  /** Keeps a copy of the 512 `bytes` as sector `lba` (below `sectors`). */
  write(lba: number, bytes: Uint8Array): void {
    this.written.set(lba, new Uint8Array(bytes));
    this.texts.delete(lba);
  }

  save(): DeviceState {
    const { name, bytes } = this.image;
    const sectors = [...this.written.keys()].sort((a, b) => a - b);
    return { image: name, bytes: bytes.length, crc: this.checksum(), sectors, data: sectors.map((lba) => this.text(lba)).join('') };
  }

  /** InputError, and nothing changes, if `state` is not what `save` gives for a disk with this image. */
  restore(state: DeviceState): void {
    const what = 'saved state of the boot disk';
    const require = (holds: boolean, why: string): void => {
      if (!holds) throw new InputError(`${what}: ${why}`);
    };
    require(typeof state === 'object' && state !== null && !Array.isArray(state), 'not an object');
    for (const key of Object.keys(state)) require(FIELDS.includes(key), `an unknown field ${JSON.stringify(key)}`);
    const { bytes, crc, data } = state;
    const sectors: unknown = state['sectors'];
    require(typeof state['image'] === 'string', 'image is no name');
    require(bytes === this.image.bytes.length && crc === this.checksum(), `it is not that of ${this.image.name}, or the file has changed`);
    const isSector = (lba: unknown): boolean => Number.isInteger(lba) && (lba as number) >= 0 && (lba as number) < this.sectors;
    require(Array.isArray(sectors) && sectors.every(isSector), 'sectors is no list of sectors');
    const list = sectors as readonly number[];
    const length = toBase64(this.read(0)).length;
    require(typeof data === 'string' && data.length === list.length * length, 'data has the wrong length');
    const contents = list.map((_, n) => fromBase64((data as string).slice(n * length, (n + 1) * length), SECTOR_BYTES, `${what}: data`));
    this.written.clear();
    this.texts.clear();
    list.forEach((lba, n) => this.write(lba, contents[n]!));
  }

  private checksum(): number {
    this.crc ??= crc32(this.image.bytes);
    return this.crc;
  }

  private text(lba: number): string {
    let text = this.texts.get(lba);
    if (text === undefined) {
      text = toBase64(this.read(lba));
      this.texts.set(lba, text);
    }
    return text;
  }
}
