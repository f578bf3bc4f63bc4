// The disk that a guest is booted from. It is named by its whole path, so that a checkpoint finds it from anywhere.

import { resolve } from 'node:path';
import { InputError } from '../base/errors.ts';
import { hasBootSector } from '../boot/image.ts';
import { Disk, DISK_KINDS } from '../machine/bios/disk.ts';
import type { DiskImage, DiskKind } from '../machine/bios/disk.ts';
import type { VmCore } from '../vm/save.ts';
import { readInputFile } from './input-file.ts';

/** The image in the file at `path`, taken for `kind`, or by its size. InputError, naming the path as it was given, if it cannot boot. */
export function bootDisk(path: string, bytes: Uint8Array, kind: DiskKind | null = null): DiskImage {
  if (!hasBootSector(bytes)) throw new InputError(`${path}: offset 0x1fe: no boot sector, which would end with 55 aa here`);
  const image = { bytes, ...(kind === null ? {} : { kind }) };
  new Disk({ ...image, name: path });
  return { ...image, name: resolve(path) };
}

/**
 * The disk of the machine whose state this is, read again, from `moved` if that is given. Null if the machine has none. InputError if
 * the file is not there.
 */
export function bootDiskOf({ platform }: VmCore, moved: string | null): DiskImage | null {
  const state: unknown = platform?.['bios'];
  const { image, kind } = (typeof state === 'object' && state !== null ? state : {}) as {
    readonly image?: unknown;
    readonly kind?: unknown;
  };
  if (image === undefined) {
    if (moved !== null) throw new InputError('--disk: the machine of these checkpoints has no disk');
    return null;
  }
  if (typeof image !== 'string') throw new InputError('saved state of the boot disk: image is no name');
  const known = DISK_KINDS.find((name) => name === kind);
  if (known === undefined) throw new InputError(`saved state of the boot disk: there is no kind ${JSON.stringify(kind)}`);
  return { name: resolve(moved ?? image), bytes: readInputFile(moved ?? image, 'boot disk'), kind: known };
}
