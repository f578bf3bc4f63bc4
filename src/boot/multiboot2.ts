// Multiboot, version 2: the header, a list of tags, and where it says to load (Multiboot2 Specification 2.0, "The layout of
// Multiboot2 header").

import { alignUp } from '../base/paging-units.ts';
import type { ImageReader } from './bytes.ts';
import { hex } from './bytes.ts';
import { isElf } from './elf.ts';
import { loadByAddresses } from './multiboot-addresses.ts';
import { loadMultibootElf } from './multiboot.ts';
import { PROVIDED } from './multiboot2-info.ts';
import type { Placement } from './placement.ts';

const MAGIC = 0xe85250d6;
/** The header lies wholly within the first bytes of the image, on an 8-byte boundary. */
const SEARCH_BYTES = 32768;
const HEADER_BYTES = 16;
const I386 = 0;
const OPTIONAL = 1;
/** load_addr of an image that is loaded from its beginning. */
const WHOLE_FILE = 0xffffffff;
const CONSOLE_REQUIRED = 1;

const HeaderTag = {
  END: 0,
  INFORMATION: 1,
  ADDRESS: 2,
  ENTRY: 3,
  CONSOLE: 4,
  FRAMEBUFFER: 5,
  MODULE_ALIGN: 6,
  EFI_SERVICES: 7,
  EFI_ENTRY_32: 8,
  EFI_ENTRY_64: 9,
  RELOCATABLE: 10,
} as const;
/** Least bytes of the tags that are read. */
const TAG_BYTES: { readonly [type: number]: number } = { [HeaderTag.ADDRESS]: 24, [HeaderTag.ENTRY]: 12, [HeaderTag.CONSOLE]: 12 };

interface Tag {
  readonly at: number;
  readonly type: number;
  readonly optional: boolean;
  readonly size: number;
}

/** Offset of the header, or null: magic, architecture, length and checksum sum to 0. */
export function findMultiboot2Header(file: ImageReader): number | null {
  const end = Math.min(file.length, SEARCH_BYTES);
  for (let offset = 0; offset + HEADER_BYTES <= end; offset += 8) {
    if (file.u32(offset, 'multiboot 2 magic') !== MAGIC) continue;
    let sum = 0;
    for (let i = 0; i < HEADER_BYTES; i += 4) sum = (sum + file.u32(offset + i, 'multiboot 2 header')) >>> 0;
    if (sum === 0) return offset;
  }
  return null;
}

/** Loads the image as its header at `offset` says and returns the entry address. InputError for what cannot be met. */
export function loadMultiboot2(file: ImageReader, offset: number, placement: Placement): number {
  const architecture = file.u32(offset + 4, 'the multiboot 2 header');
  if (architecture !== I386) throw file.error(offset + 4, `the multiboot 2 header is for architecture ${architecture}, not i386 (0)`);
  const tags = readTags(file, offset);
  for (const tag of tags) if (!tag.optional) checkRequirement(file, tag);
  const find = (type: number): Tag | undefined => tags.find((tag) => tag.type === type);
  const entryTag = find(HeaderTag.ENTRY);
  const entry = entryTag ? file.u32(entryTag.at + 8, 'the entry address tag') : null;
  const address = find(HeaderTag.ADDRESS);
  if (!address) {
    if (!isElf(file.bytes)) throw file.error(offset, 'the multiboot 2 header has no address tag and the image is not ELF');
    return loadMultibootElf(file, placement, entry);
  }
  if (entry === null) throw file.error(address.at, 'the multiboot 2 header has an address tag but no entry address tag');
  const at = address.at + 8;
  const field = (index: number): number => file.u32(at + index * 4, 'the address tag of the multiboot 2 header');
  const headerAddress = field(0);
  const loadAddress = field(1) === WHOLE_FILE ? headerAddress - offset : field(1);
  if (loadAddress < 0) throw file.error(at, `multiboot 2 header_addr ${hex(headerAddress)} is less than the header's offset in the file`);
  const fields = { at, headerAddress, loadAddress, loadEnd: field(2), bssEnd: field(3), entry, entryAt: entryTag!.at + 8 };
  return loadByAddresses(file, offset, fields, placement);
}

function readTags(file: ImageReader, offset: number): Tag[] {
  const length = file.u32(offset + 8, 'the multiboot 2 header');
  const end = offset + length;
  if (end > Math.min(file.length, SEARCH_BYTES)) {
    const limit = end > file.length ? 'file' : 'first 32 KiB';
    throw file.error(offset + 8, `the multiboot 2 header's ${length} bytes reach beyond the ${limit}`);
  }
  const tags: Tag[] = [];
  for (let at = offset + HEADER_BYTES; ; ) {
    if (at + 8 > end) throw file.error(at, 'the multiboot 2 header has no end tag');
    const type = file.u16(at, 'a multiboot 2 tag');
    const size = file.u32(at + 4, 'a multiboot 2 tag');
    if (size < (TAG_BYTES[type] ?? 8) || at + size > end) {
      throw file.error(at + 4, `a multiboot 2 tag of type ${type} has an impossible size, ${size}`);
    }
    if (type === HeaderTag.END) return tags;
    tags.push({ at, type, optional: (file.u16(at + 2, 'a multiboot 2 tag') & OPTIONAL) !== 0, size });
    at += alignUp(size, 8);
  }
}

/** A loader must refuse an image with a tag that is not optional and that it cannot meet. */
function checkRequirement(file: ImageReader, { at, type, size }: Tag): void {
  switch (type) {
    case HeaderTag.INFORMATION:
      for (let request = at + 8; request + 4 <= at + size; request += 4) {
        const wanted = file.u32(request, 'the information request');
        if (!PROVIDED.has(wanted)) throw file.error(request, `the multiboot 2 header asks for information of type ${wanted}`);
      }
      break;
    case HeaderTag.CONSOLE:
      if (file.u32(at + 8, 'the console tag') & CONSOLE_REQUIRED) {
        throw file.error(at, 'the multiboot 2 header requires a console; this machine has no display');
      }
      break;
    case HeaderTag.FRAMEBUFFER:
      throw file.error(at, 'the multiboot 2 header asks for a framebuffer; this machine has no display');
    // Modules always lie on whole pages; an image that may be moved is loaded where it was linked; there is no EFI to serve or
    // to enter by.
    case HeaderTag.ADDRESS:
    case HeaderTag.ENTRY:
    case HeaderTag.MODULE_ALIGN:
    case HeaderTag.RELOCATABLE:
    case HeaderTag.EFI_SERVICES:
    case HeaderTag.EFI_ENTRY_32:
    case HeaderTag.EFI_ENTRY_64:
      break;
    default:
      throw file.error(at, `the multiboot 2 header requires a tag of unknown type ${type}`);
  }
}
