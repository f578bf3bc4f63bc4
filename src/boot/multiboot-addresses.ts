// The address fields by which a multiboot header of either version says itself what goes where, as an a.out kernel needs it.

import type { ImageReader } from './bytes.ts';
import { hex } from './bytes.ts';
import type { Placement } from './placement.ts';

export interface AddressFields {
  /** File offset of header_addr, load_addr, load_end_addr and bss_end_addr, and that of the entry address. */
  readonly at: number;
  readonly entryAt: number;
  readonly headerAddress: number;
  readonly loadAddress: number;
  readonly loadEnd: number;
  readonly bssEnd: number;
  readonly entry: number;
}

/** Loads the image, whose header lies at file offset `header`, as one segment; returns the entry address. InputError if it cannot be. */
export function loadByAddresses(file: ImageReader, header: number, fields: AddressFields, placement: Placement): number {
  const { at, headerAddress, loadAddress, loadEnd, bssEnd, entry, entryAt } = fields;
  if (loadAddress > headerAddress) {
    throw file.error(at + 4, `multiboot load_addr ${hex(loadAddress)} is above header_addr ${hex(headerAddress)}`);
  }
  const fileOffset = header - (headerAddress - loadAddress);
  if (fileOffset < 0) {
    throw file.error(at + 4, `multiboot load_addr ${hex(loadAddress)} lies ${hex(-fileOffset)} bytes before the start of the file`);
  }
  // "If this field is zero, the boot loader assumes that the text and data segments occupy the whole OS image file."
  const fileSize = loadEnd === 0 ? file.length - fileOffset : loadEnd - loadAddress;
  if (fileSize < 0) throw file.error(at + 8, `multiboot load_end_addr ${hex(loadEnd)} is below load_addr ${hex(loadAddress)}`);
  if (fileOffset + fileSize > file.length) {
    const needs = `needs ${hex(fileSize)} bytes from file offset ${hex(fileOffset)}`;
    throw file.error(at + 8, `multiboot load_end_addr ${hex(loadEnd)} ${needs}; the file ends at ${hex(file.length)}`);
  }
  const size = bssEnd === 0 ? fileSize : bssEnd - loadAddress;
  if (size < fileSize) throw file.error(at + 12, `multiboot bss_end_addr ${hex(bssEnd)} is below the end of the loaded bytes`);
  if (entry < loadAddress || entry >= loadAddress + size) {
    throw file.error(entryAt, `multiboot entry_addr ${hex(entry)} lies outside the image`);
  }
  placement.claim('image', loadAddress, size, `offset ${hex(at + 4)}: `);
  placement.fill(loadAddress, file.bytes.subarray(fileOffset, fileOffset + fileSize), size);
  return entry;
}
