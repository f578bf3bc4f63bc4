// Multiboot, version 1: the header in the image and where it says to load (Multiboot Specification 0.6.96, "The layout of
// Multiboot header" and "OS image format").

import type { ImageReader } from './bytes.ts';
import { hex } from './bytes.ts';
import { isElf, loadElf, parseElf, physicalEntry } from './elf.ts';
import { loadByAddresses } from './multiboot-addresses.ts';
import type { Placement } from './placement.ts';

export const MULTIBOOT_MAGIC = 0x1badb002;
/** The header lies wholly within the first bytes of the image, on a 4-byte boundary. */
const SEARCH_BYTES = 8192;

const HeaderFlag = { PAGE_ALIGN: 1, MEMORY_INFO: 2, VIDEO_MODE: 4, ADDRESSES: 0x10000 } as const;
/** Bits 15:0 are requirements: a loader that does not know one must refuse. Bits 31:16 are optional. */
const REQUIREMENTS = 0xffff;

export interface MultibootHeader {
  readonly offset: number;
  readonly flags: number;
}

/** The header, or null: magic, flags and checksum sum to 0. */
export function findMultibootHeader(file: ImageReader): MultibootHeader | null {
  const end = Math.min(file.length, SEARCH_BYTES);
  for (let offset = 0; offset + 12 <= end; offset += 4) {
    if (file.u32(offset, 'multiboot magic') !== MULTIBOOT_MAGIC) continue;
    const flags = file.u32(offset + 4, 'multiboot flags');
    if ((MULTIBOOT_MAGIC + flags + file.u32(offset + 8, 'multiboot checksum')) >>> 0 === 0) return { offset, flags };
  }
  return null;
}

/** Loads the image as its header says and returns the entry address. InputError for what cannot be met. */
export function loadMultiboot(file: ImageReader, header: MultibootHeader, placement: Placement): number {
  const { offset, flags } = header;
  if (flags & HeaderFlag.VIDEO_MODE) {
    throw file.error(offset + 4, 'the multiboot header asks for a video mode (flag 2); this machine has no display');
  }
  const unknown = flags & REQUIREMENTS & ~(HeaderFlag.PAGE_ALIGN | HeaderFlag.MEMORY_INFO);
  if (unknown) throw file.error(offset + 4, `the multiboot header requires unknown features (flags ${hex(unknown)})`);
  if (flags & HeaderFlag.ADDRESSES) {
    const field = (index: number): number => file.u32(offset + 12 + index * 4, 'the address fields of the multiboot header');
    const [headerAddress, loadAddress, loadEnd, bssEnd, entry] = [field(0), field(1), field(2), field(3), field(4)];
    const fields = { at: offset + 12, headerAddress, loadAddress, loadEnd, bssEnd, entry, entryAt: offset + 28 };
    return loadByAddresses(file, offset, fields, placement);
  }
  if (!isElf(file.bytes)) throw file.error(offset + 4, 'the multiboot header gives no load addresses (flag 16) and the image is not ELF');
  return loadMultibootElf(file, placement, null);
}

/** Loads the image as ELF; `given` overrides its own entry point. */
export function loadMultibootElf(file: ImageReader, placement: Placement, given: number | null): number {
  const elf = parseElf(file);
  const entry = given ?? physicalEntry(file, elf);
  if (entry >= 2 ** 32) throw file.error(null, `the entry point ${hex(entry)} is beyond 4 GiB, but multiboot enters in 32-bit mode`);
  loadElf(file, elf, placement);
  return entry;
}
