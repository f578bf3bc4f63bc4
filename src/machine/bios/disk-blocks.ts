// Sectors between the disk and the caller's memory.

import type { Caller } from './caller.ts';
import { SECTOR_BYTES } from './disk.ts';
import type { Disk } from './disk.ts';

/** Copies `count` sectors from `lba` on to the caller's `linear`; all of them are there. */
export function readBlocks(disk: Disk, caller: Caller, linear: number, lba: number, count: number): void {
  const bytes = new Uint8Array(count * SECTOR_BYTES);
  for (let n = 0; n < count; n++) bytes.set(disk.read(lba + n), n * SECTOR_BYTES);
  caller.write(linear, bytes);
}

export function writeBlocks(disk: Disk, caller: Caller, linear: number, lba: number, count: number): void {
  const bytes = caller.read(linear, count * SECTOR_BYTES);
  for (let n = 0; n < count; n++) disk.write(lba + n, bytes.subarray(n * SECTOR_BYTES, (n + 1) * SECTOR_BYTES));
}
