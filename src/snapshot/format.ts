// The container that checkpoints and snapshots are kept in: named plain data, and pages of memory. Little-endian:
//
//    0  'TIDEMARK'
//    8  u16 major version | u16 minor version
//   12  u32 kind
//   16  u32 h, bytes of the header, a multiple of 4
//   20  u32 n, pages listed
//   24  u32 d, pages with data
//   28  u32 0
//   32  the header: a JSON object in UTF-8, blanks at its end
//   32 + h  n × u32: page number, bit 31 set for a page of zeros, which has no data
//   then d pages of 4096 bytes, in the order of the list
//   and at the end u32 CRC-32 of all before
//
// A reader refuses other major versions and ignores fields of the header that it does not know.

import { InputError } from '../base/errors.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import { crc32 } from '../base/crc32.ts';
import { isZero } from './memory-image.ts';
import type { MemoryImage } from './memory-image.ts';
import { bytesFromJson, bytesToJson } from './state-bytes.ts';

export const FORMAT_MAJOR = 1;
export const FORMAT_MINOR = 0;

/** What a container is. */
export const ContainerKind = { CHECKPOINT_BASE: 1, CHECKPOINT_CYCLE: 2, RECORDING: 3 } as const;

const MAGIC = 'TIDEMARK';
const PREAMBLE = 32;
const TRAILER = 4;
const MAX_HEADER = 64 * 1024 ** 2;
/** 4 GiB of pages: more than any machine has. */
const MAX_PAGES = 2 ** 20;
/** GPAs have 40 bits. */
const MAX_GFN = 2 ** 28;
const ZERO_PAGE = 0x80000000;
/** Pages written and read at a time. */
const PIECE = 256;

export type Header = { readonly [name: string]: unknown };

export interface Container {
  readonly kind: number;
  readonly header: Header;
  readonly pages: MemoryImage;
  /** CRC-32 of the whole, which also names it. */
  readonly crc: number;
}

/** Bytes to read a container from. */
export interface ByteSource {
  /** Of the file, for messages. */
  readonly name: string;
  readonly length: number;
  /** A copy of the bytes [offset, offset + length), at the start of a buffer of its own. */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
}

export const bytesSource = (name: string, bytes: Uint8Array): ByteSource => ({
  name,
  length: bytes.length,
  read: (offset, length) => bytes.slice(offset, offset + length) as Uint8Array<ArrayBuffer>,
});

/** The container in pieces, to be written one after the other; the generator's result is its CRC. */
export function* encodeContainer(kind: number, header: Header, pages: MemoryImage): Generator<Uint8Array, number> {
  const text = new TextEncoder().encode(JSON.stringify(header, bytesToJson));
  const headerBytes = Math.ceil(text.length / 4) * 4;
  if (headerBytes > MAX_HEADER)
    throw new InputError(`a header of ${headerBytes} bytes could not be read again: ${MAX_HEADER} are the most`);
  const list = Uint32Array.from(pages, ([gfn, page]) => (isZero(page) ? gfn | ZERO_PAGE : gfn));
  const withData = [...pages.values()].filter((page) => !isZero(page));
  const front = new Uint8Array(PREAMBLE + headerBytes + 4 * list.length);
  const view = new DataView(front.buffer);
  front.set(new TextEncoder().encode(MAGIC));
  view.setUint16(8, FORMAT_MAJOR, true);
  view.setUint16(10, FORMAT_MINOR, true);
  [kind, headerBytes, list.length, withData.length].forEach((word, n) => view.setUint32(12 + 4 * n, word, true));
  front.fill(0x20, PREAMBLE, PREAMBLE + headerBytes);
  front.set(text, PREAMBLE);
  list.forEach((word, n) => view.setUint32(PREAMBLE + headerBytes + 4 * n, word, true));
  let crc = crc32(front);
  yield front;
  for (let first = 0; first < withData.length; first += PIECE) {
    const some = withData.slice(first, first + PIECE);
    const piece = new Uint8Array(some.length * PAGE_SIZE);
    some.forEach((page, n) => piece.set(page, n * PAGE_SIZE));
    crc = crc32(piece, crc);
    yield piece;
  }
  const trailer = new Uint8Array(TRAILER);
  new DataView(trailer.buffer).setUint32(0, crc, true);
  yield trailer;
  return crc;
}

interface Preamble {
  readonly kind: number;
  readonly headerBytes: number;
  readonly listed: number;
  readonly withData: number;
}

/** Whether `bytes`, the beginning of a file, begin as a container does. */
export const isContainer = (bytes: Uint8Array): boolean => new TextDecoder('latin1').decode(bytes.subarray(0, MAGIC.length)) === MAGIC;

/** Reads a container of the given kind, or of any. InputError, one line naming the file, the offset and what is wrong. */
export function decodeContainer(source: ByteSource, expected: number | null = null): Container {
  const fail: Fail = (offset, what) => {
    throw new InputError(`${source.name}: offset 0x${offset.toString(16)}: ${what}`);
  };
  const { kind, headerBytes, listed, withData } = readPreamble(source, fail);
  if (expected !== null && kind !== expected) fail(12, `a file of kind ${kind} where kind ${expected} was expected`);
  const front = source.read(0, PREAMBLE + headerBytes + 4 * listed);
  let crc = crc32(front);
  const pageData: Uint8Array[] = [];
  for (let first = 0; first < withData; first += PIECE) {
    const count = Math.min(PIECE, withData - first);
    const piece = source.read(front.length + first * PAGE_SIZE, count * PAGE_SIZE);
    crc = crc32(piece, crc);
    for (let n = 0; n < count; n++) pageData.push(piece.subarray(n * PAGE_SIZE, (n + 1) * PAGE_SIZE));
  }
  const end = source.length - TRAILER;
  const stored = new DataView(source.read(end, TRAILER).buffer).getUint32(0, true);
  if (stored !== crc) fail(end, `the checksum is 0x${hex32(stored)}, but the contents give 0x${hex32(crc)}: the file is damaged`);
  const header = parseHeader(front.subarray(PREAMBLE, PREAMBLE + headerBytes), fail);
  return { kind, header, pages: readList(front, PREAMBLE + headerBytes, pageData, fail), crc };
}

/** The stored CRC alone, unchecked; 0 for a file too short to have one. */
export function storedCrc(source: ByteSource): number {
  if (source.length < PREAMBLE + TRAILER) return 0;
  return new DataView(source.read(source.length - TRAILER, TRAILER).buffer).getUint32(0, true);
}

const hex32 = (word: number): string => word.toString(16).padStart(8, '0');

type Fail = (offset: number, what: string) => never;

/** Checks everything that sizes depend on, before anything of that size is read. */
function readPreamble(source: ByteSource, fail: Fail): Preamble {
  if (source.length < PREAMBLE + TRAILER) fail(source.length, 'the file ends here, inside its preamble');
  const bytes = source.read(0, PREAMBLE);
  if (!isContainer(bytes)) fail(0, `not a Tidemark file: it does not begin with ${MAGIC}`);
  const view = new DataView(bytes.buffer);
  const major = view.getUint16(8, true);
  const minor = view.getUint16(10, true);
  if (major !== FORMAT_MAJOR) fail(8, `format version ${major}.${minor}; this build reads version ${FORMAT_MAJOR}`);
  const [kind, headerBytes, listed, withData, unused] = [12, 16, 20, 24, 28].map((offset) => view.getUint32(offset, true));
  if (headerBytes > MAX_HEADER || headerBytes % 4 !== 0) fail(16, `a header of ${headerBytes} bytes`);
  if (listed > MAX_PAGES) fail(20, `${listed} pages are more than a machine has`);
  if (withData > listed) fail(24, `${withData} pages with data, but only ${listed} listed`);
  if (unused !== 0) fail(28, `0x${hex32(unused)} where 0 must be`);
  const length = PREAMBLE + headerBytes + 4 * listed + PAGE_SIZE * withData + TRAILER;
  if (source.length < length) fail(source.length, `the file ends here, but must be ${length} bytes long: it is truncated`);
  if (source.length > length) fail(length, `${source.length - length} bytes follow the end`);
  return { kind, headerBytes, listed, withData };
}

function parseHeader(bytes: Uint8Array, fail: Fail): Header {
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), bytesFromJson);
    if (typeof header === 'object' && header !== null && !Array.isArray(header)) return header as Header;
  } catch {
    // Said below: what the parser says of arbitrary bytes helps nobody.
  }
  return fail(PREAMBLE, 'the header is not a JSON object');
}

function readList(front: Uint8Array<ArrayBuffer>, at: number, pageData: readonly Uint8Array[], fail: Fail): MemoryImage {
  const view = new DataView(front.buffer);
  const pages: MemoryImage = new Map();
  let next = 0;
  for (let offset = at; offset < front.length; offset += 4) {
    const word = view.getUint32(offset, true);
    const gfn = word & ~ZERO_PAGE;
    if (gfn >= MAX_GFN) fail(offset, `page number 0x${gfn.toString(16)} is beyond 40-bit addresses`);
    if (pages.has(gfn)) fail(offset, `page 0x${gfn.toString(16)} is listed twice`);
    const isEmpty = word >= ZERO_PAGE;
    if (!isEmpty && next === pageData.length) fail(offset, 'more pages with data are listed than there are');
    pages.set(gfn, isEmpty ? new Uint8Array(PAGE_SIZE) : pageData[next++]);
  }
  if (next !== pageData.length) fail(at, 'fewer pages with data are listed than there are');
  return pages;
}
