import type { ImageReader } from './bytes.ts';
import { enterProtected32 } from './elf-entry.ts';
import type { Placement } from './placement.ts';
import type { BootOptions, BootTarget, EntryState } from './target.ts';

/** Puts the whole file at guest-physical `at` and enters its first byte as a plain ELF32 is entered. InputError if it does not fit. */
export function bootFlat(file: ImageReader, at: number, placement: Placement, target: BootTarget, options: BootOptions): EntryState {
  if (!Number.isSafeInteger(at) || at < 0) throw file.error(null, `the load address ${at} is not a guest-physical address`);
  if (at >= 2 ** 32) throw file.error(null, 'a raw image is entered in 32-bit mode and must lie below 4 GiB');
  placement.claim('image', at, file.length);
  placement.fill(at, file.bytes, file.length);
  return enterProtected32(at, placement, target, options);
}
