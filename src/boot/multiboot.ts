// Multiboot, version 1: the header in the image and where it says to load (Multiboot Specification 0.6.96, "The layout of
// Multiboot header" and "OS image format").

import type { ImageReader } from './bytes.ts';
import { hex } from './bytes.ts';
import { isElf, loadElf, parseElf, physicalEntry } from './elf.ts';
import type { Placement } from './placement.ts';

export const MULTIBOOT_MAGIC = 0x1badb002;
const MULTIBOOT2_MAGIC = 0xe85250d6;
/** The header lies wholly within the first bytes of the image, on a 4-byte boundary; 8-byte for version 2. */
const SEARCH_BYTES = 8192;
const SEARCH_BYTES_2 = 32768;

const HeaderFlag = { PAGE_ALIGN: 1, MEMORY_INFO: 2, VIDEO_MODE: 4, ADDRESSES: 0x10000 } as const;
/** Bits 15:0 are requirements: a loader that does not know one must refuse. Bits 31:16 are optional. */
const REQUIREMENTS = 0xffff;

export interface MultibootHeader { readonly offset: number; readonly flags: number }

/** The header, or null: magic, flags and checksum sum to 0. */
export function findMultibootHeader(file: ImageReader): MultibootHeader | null {
  const end = Math.min(file.length, SEARCH_BYTES);
  for (let offset = 0; offset + 12 <= end; offset += 4) {
    if (file.u32(offset, 'multiboot magic') !== MULTIBOOT_MAGIC) continue;
    const flags = file.u32(offset + 4, 'multiboot flags');
    if (((MULTIBOOT_MAGIC + flags + file.u32(offset + 8, 'multiboot checksum')) >>> 0) === 0) return { offset, flags };
  }
  return null;
}

/** Offset of a Multiboot 2 header, or null: magic, architecture, length and checksum sum to 0. */
export function findMultiboot2Header(file: ImageReader): number | null {
  const end = Math.min(file.length, SEARCH_BYTES_2);
  for (let offset = 0; offset + 16 <= end; offset += 8) {
    if (file.u32(offset, 'multiboot 2 magic') !== MULTIBOOT2_MAGIC) continue;
    let sum = 0;
    for (let i = 0; i < 16; i += 4) sum = (sum + file.u32(offset + i, 'multiboot 2 header')) >>> 0;
    if (sum === 0) return offset;
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
  if (flags & HeaderFlag.ADDRESSES) return loadByAddresses(file, offset, placement);
  if (!isElf(file.bytes)) throw file.error(offset + 4, 'the multiboot header gives no load addresses (flag 16) and the image is not ELF');
  const elf = parseElf(file);
  const entry = physicalEntry(file, elf);
  if (entry >= 2 ** 32) throw file.error(null, `the entry point ${hex(entry)} is beyond 4 GiB, but multiboot enters in 32-bit mode`);
  loadElf(file, elf, placement);
  return entry;
}

/** Flag 16: the header itself says what goes where, as for an a.out kernel; the whole image becomes one segment. */
function loadByAddresses(file: ImageReader, header: number, placement: Placement): number {
  const field = (index: number): number => file.u32(header + 12 + index * 4, 'the address fields of the multiboot header');
  const [headerAddress, loadAddress, loadEnd, bssEnd, entry] = [field(0), field(1), field(2), field(3), field(4)];
  if (loadAddress > headerAddress) {
    throw file.error(header + 16, `multiboot load_addr ${hex(loadAddress)} is above header_addr ${hex(headerAddress)}`);
  }
  const fileOffset = header - (headerAddress - loadAddress);
  if (fileOffset < 0) {
    throw file.error(header + 16, `multiboot load_addr ${hex(loadAddress)} lies ${hex(-fileOffset)} bytes before the start of the file`);
  }
  // "If this field is zero, the boot loader assumes that the text and data segments occupy the whole OS image file."
  const fileSize = loadEnd === 0 ? file.length - fileOffset : loadEnd - loadAddress;
  if (fileSize < 0) throw file.error(header + 20, `multiboot load_end_addr ${hex(loadEnd)} is below load_addr ${hex(loadAddress)}`);
  if (fileOffset + fileSize > file.length) {
    const needs = `needs ${hex(fileSize)} bytes from file offset ${hex(fileOffset)}`;
    throw file.error(header + 20, `multiboot load_end_addr ${hex(loadEnd)} ${needs}; the file ends at ${hex(file.length)}`);
  }
  const size = bssEnd === 0 ? fileSize : bssEnd - loadAddress;
  if (size < fileSize) throw file.error(header + 24, `multiboot bss_end_addr ${hex(bssEnd)} is below the end of the loaded bytes`);
  if (entry < loadAddress || entry >= loadAddress + size) {
    throw file.error(header + 28, `multiboot entry_addr ${hex(entry)} lies outside the image`);
  }
  placement.claim('image', loadAddress, size, `offset ${hex(header + 16)}: `);
  placement.fill(loadAddress, file.bytes.subarray(fileOffset, fileOffset + fileSize), size);
  return entry;
}
