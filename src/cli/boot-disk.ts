// The disk that a guest is booted from: under its whole path, so that a checkpoint finds it from anywhere.

import { resolve } from 'node:path';
import { InputError } from '../base/errors.ts';
import { Disk } from '../machine/bios/disk.ts';
import type { DiskImage } from '../machine/bios/disk.ts';
import type { VmState } from '../vm/save.ts';
import { readInputFile } from './input-file.ts';

/** The image in the file at `path`. InputError, naming the path as it was given, if it is no disk. */
export function bootDisk(path: string, bytes: Uint8Array): DiskImage {
  new Disk({ name: path, bytes });
  return { name: resolve(path), bytes };
}

/** The disk of the machine whose state this is, read again; null if it has none. InputError if the file is not there. */
export function bootDiskOf({ platform }: VmState): DiskImage | null {
  const state = platform?.['bios'];
  if (state === undefined) return null;
  if (typeof state === 'object' && state !== null && Object.keys(state).length === 0) return null;
  const image = typeof state === 'object' && state !== null ? state['image'] : null;
  if (typeof image !== 'string') throw new InputError('saved state of the boot disk: image is no name');
  return { name: image, bytes: readInputFile(image, 'boot disk') };
}
