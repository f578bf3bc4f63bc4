// The container of version 2, in which checkpoints and recordings are kept. It holds named plain data, and sections of numbered
// blocks: pages of memory, or blocks of a device such as a disk. Little-endian:
//
//    0  'TIDEMARK'
//    8  u16 major version | u16 minor version
//   12  u32 kind
//   16  u32 h, bytes of the header, a multiple of 4
//   20  u32 a, bytes that the header refers to, a multiple of 4
//   24  u32 s, sections
//   28  u32 0
//   32  the header (header.ts): a JSON object in UTF-8, blanks at its end
//   32 + h  the bytes that it refers to
//   then s × (u32 n, blocks listed | u32 d, blocks with data)
//   then for each section n × u32: block number, bit 31 set for a block of zeros, which has no data
//   then for each section d blocks of 4096 bytes, in the order of the list
//   and at the end u32 CRC-32 of all before
//
// A reader refuses other major versions and ignores fields of the header that it does not know. A writer refuses what a reader
// would refuse: both ask `limits.ts`.

import { BLOCK_BYTES } from '../base/blocks.ts';
import type { BlockImage } from '../base/blocks.ts';
import { InputError } from '../base/errors.ts';
import { crc32 } from '../base/crc32.ts';
import { decodeHeader, encodeHeader } from './header.ts';
import type { Header } from './header.ts';
import { checkFront, checkLimits, MAX_NUMBER } from './limits.ts';
import type { Sizes } from './limits.ts';
import { isZero } from './memory-image.ts';
import type { MemoryImage } from './memory-image.ts';

export type { Header } from './header.ts';

export const FORMAT_MAJOR = 2;
export const FORMAT_MINOR = 0;

/** What a container is. */
export const ContainerKind = { CHECKPOINT_BASE: 1, CHECKPOINT_CYCLE: 2, RECORDING: 3 } as const;

const MAGIC = 'TIDEMARK';
const PREAMBLE = 32;
const SECTION_HEAD = 8;
const TRAILER = 4;
const ZERO_BLOCK = 0x80000000;
/** Blocks written and read at a time. */
const PIECE = 256;

export interface Container {
  readonly kind: number;
  readonly header: Header;
  readonly sections: readonly MemoryImage[];
  /** CRC-32 of the whole, by which a later file names it. */
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

/** CRC-32, unsigned, of what gave `previous` followed by `bytes`. */
export type Checksum = (bytes: Uint8Array, previous: number) => number;

/** A section as it is written: its list, and the blocks that have data. */
interface Listed {
  readonly list: Uint32Array;
  readonly data: readonly Uint8Array[];
}

/**
 * The container in pieces, to be written one after the other; the generator's result is its CRC. InputError, before the first
 * piece, for contents that could not be read again. A piece is valid until the next. `checksum`: a CRC-32 that is faster than ours.
 */
export function* encodeContainer(
  kind: number,
  header: Header,
  images: readonly BlockImage[],
  checksum: Checksum = crc32,
): Generator<Uint8Array, number> {
  const { text, attachments } = encodeHeader(header);
  const refuse = (_field: string, what: string): never => {
    throw new InputError(`too large to be kept: ${what}`);
  };
  const fixed = { header: alignUp4(text.length), attachments: alignUp4(attachments.length) };
  checkLimits({ ...fixed, sections: images.map(({ size }) => ({ listed: size, withData: size })) }, refuse);
  const sections = images.map(listed);
  const sizes: Sizes = { ...fixed, sections: sections.map(({ list, data }) => ({ listed: list.length, withData: data.length })) };
  const front = encodeFront(kind, sizes, text, attachments, sections);
  let crc = checksum(front, 0);
  yield front;
  for (const { data } of sections) {
    for (let first = 0; first < data.length; first += PIECE) {
      const piece = joined(data, first, Math.min(data.length, first + PIECE));
      crc = checksum(piece, crc);
      yield piece;
    }
  }
  const trailer = new Uint8Array(TRAILER);
  new DataView(trailer.buffer).setUint32(0, crc, true);
  yield trailer;
  return crc;
}

/** Blocks first … end - 1 in a row: as they lie, if they lie in a row. */
function joined(data: readonly Uint8Array[], first: number, end: number): Uint8Array {
  const { buffer, byteOffset } = data[first]!;
  let length = 0;
  for (let n = first; n < end && data[n]!.buffer === buffer && data[n]!.byteOffset === byteOffset + length; n++) length += BLOCK_BYTES;
  if (length === (end - first) * BLOCK_BYTES) return new Uint8Array(buffer, byteOffset, length);
  const piece = new Uint8Array((end - first) * BLOCK_BYTES);
  for (let n = first; n < end; n++) piece.set(data[n]!, (n - first) * BLOCK_BYTES);
  return piece;
}

const alignUp4 = (length: number): number => Math.ceil(length / 4) * 4;

function listed(image: BlockImage): Listed {
  const data: Uint8Array[] = [];
  const list = new Uint32Array(image.size);
  let at = 0;
  for (const [number, block] of image) {
    if (!(Number.isInteger(number) && number >= 0 && number < MAX_NUMBER)) throw new InputError(`too large to be kept: block ${number}`);
    const empty = isZero(block);
    if (!empty) data.push(block);
    list[at++] = empty ? number | ZERO_BLOCK : number;
  }
  return { list, data };
}

/** All before the data. */
function encodeFront(kind: number, sizes: Sizes, text: Uint8Array, attachments: Uint8Array, sections: readonly Listed[]): Uint8Array {
  const heads = PREAMBLE + sizes.header + sizes.attachments;
  const lists = heads + SECTION_HEAD * sections.length;
  const front = new Uint8Array(lists + 4 * sizes.sections.reduce((sum, section) => sum + section.listed, 0));
  const view = new DataView(front.buffer);
  front.set(new TextEncoder().encode(MAGIC));
  view.setUint16(8, FORMAT_MAJOR, true);
  view.setUint16(10, FORMAT_MINOR, true);
  [kind, sizes.header, sizes.attachments, sections.length].forEach((word, n) => view.setUint32(12 + 4 * n, word, true));
  front.fill(0x20, PREAMBLE, PREAMBLE + sizes.header);
  front.set(text, PREAMBLE);
  front.set(attachments, PREAMBLE + sizes.header);
  let at = lists;
  sections.forEach(({ list, data }, n) => {
    view.setUint32(heads + SECTION_HEAD * n, list.length, true);
    view.setUint32(heads + SECTION_HEAD * n + 4, data.length, true);
    for (const word of list) {
      view.setUint32(at, word, true);
      at += 4;
    }
  });
  return front;
}

/** Whether `bytes`, the beginning of a file, begin as a container does. */
export const isContainer = (bytes: Uint8Array): boolean => new TextDecoder('latin1').decode(bytes.subarray(0, MAGIC.length)) === MAGIC;

/** Reads a container of the given kind, or of any. InputError, one line naming the file, the offset and what is wrong. */
export function decodeContainer(source: ByteSource, expected: number | null = null): Container {
  const fail: Fail = (offset, what) => {
    throw new InputError(`${source.name}: offset 0x${offset.toString(16)}: ${what}`);
  };
  const { kind, sizes, heads } = readSizes(source, fail);
  if (expected !== null && kind !== expected) fail(12, `a file of kind ${kind} where kind ${expected} was expected`);
  const lists = heads + SECTION_HEAD * sizes.sections.length;
  const front = source.read(0, lists + 4 * sizes.sections.reduce((sum, section) => sum + section.listed, 0));
  let crc = crc32(front);
  let offset = front.length;
  const data = sizes.sections.map(({ withData }) => {
    const blocks: Uint8Array[] = [];
    for (let first = 0; first < withData; first += PIECE) {
      const count = Math.min(PIECE, withData - first);
      const piece = source.read(offset, count * BLOCK_BYTES);
      offset += piece.length;
      crc = crc32(piece, crc);
      for (let n = 0; n < count; n++) blocks.push(piece.subarray(n * BLOCK_BYTES, (n + 1) * BLOCK_BYTES));
    }
    return blocks;
  });
  const stored = new DataView(source.read(offset, TRAILER).buffer).getUint32(0, true);
  if (stored !== crc) fail(offset, `the checksum is 0x${hex32(stored)}, but the contents give 0x${hex32(crc)}: the file is damaged`);
  const attachments = front.subarray(PREAMBLE + sizes.header, heads);
  const header = decodeHeader(front.subarray(PREAMBLE, PREAMBLE + sizes.header), attachments);
  if (typeof header === 'string') return fail(PREAMBLE, header);
  let at = lists;
  const sections = sizes.sections.map((section, n) => {
    const list = front.subarray(at, at + 4 * section.listed);
    const image = readList(list, data[n]!, (place, what) => fail(at + place, what));
    at += list.length;
    return image;
  });
  return { kind, header, sections, crc };
}

/** The stored CRC alone, unchecked; 0 for a file too short to have one. */
export function storedCrc(source: ByteSource): number {
  if (source.length < PREAMBLE + TRAILER) return 0;
  return new DataView(source.read(source.length - TRAILER, TRAILER).buffer).getUint32(0, true);
}

const hex32 = (word: number): string => word.toString(16).padStart(8, '0');

type Fail = (offset: number, what: string) => never;

/** Checks everything that sizes depend on, before anything of that size is read. `heads`: where the sections' heads lie. */
function readSizes(source: ByteSource, fail: Fail): { readonly kind: number; readonly sizes: Sizes; readonly heads: number } {
  if (source.length < PREAMBLE + TRAILER) fail(source.length, 'the file ends here, inside its preamble');
  const bytes = source.read(0, PREAMBLE);
  if (!isContainer(bytes)) fail(0, `not a Tidemark file: it does not begin with ${MAGIC}`);
  const view = new DataView(bytes.buffer);
  const major = view.getUint16(8, true);
  const minor = view.getUint16(10, true);
  if (major !== FORMAT_MAJOR) fail(8, `format version ${major}.${minor}; this build reads version ${FORMAT_MAJOR}`);
  const [kind, header, attachments, count, unused] = [12, 16, 20, 24, 28].map((offset) => view.getUint32(offset, true));
  if (unused !== 0) fail(28, `0x${hex32(unused)} where 0 must be`);
  checkFront(header, attachments, count, (field, what) => fail(FIELD_AT[field], what));
  const heads = PREAMBLE + header + attachments;
  const known = heads + SECTION_HEAD * count + TRAILER;
  if (source.length < known) fail(source.length, `the file ends here, but must be ${known} bytes long at least: it is truncated`);
  const words = new DataView(source.read(heads, SECTION_HEAD * count).buffer);
  const sections = Array.from({ length: count }, (_, n) => ({
    listed: words.getUint32(SECTION_HEAD * n, true),
    withData: words.getUint32(SECTION_HEAD * n + 4, true),
  }));
  checkLimits({ header, attachments, sections }, (_field, what) => fail(heads, what));
  const length = sections.reduce((sum, { listed: n, withData }) => sum + 4 * n + BLOCK_BYTES * withData, known);
  if (source.length < length) fail(source.length, `the file ends here, but must be ${length} bytes long: it is truncated`);
  if (source.length > length) fail(length, `${source.length - length} bytes follow the end`);
  return { kind, sizes: { header, attachments, sections }, heads };
}

const FIELD_AT = { header: 16, attachments: 20, sections: 24 } as const;

function readList(bytes: Uint8Array, data: readonly Uint8Array[], fail: Fail): MemoryImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const image = new Map<number, Uint8Array>();
  // One for all: a few bytes of list must not ask for gigabytes.
  const zeros = new Uint8Array(BLOCK_BYTES);
  let next = 0;
  for (let offset = 0; offset < bytes.length; offset += 4) {
    const word = view.getUint32(offset, true);
    const number = word & ~ZERO_BLOCK;
    if (number >= MAX_NUMBER) fail(offset, `block number 0x${number.toString(16)} is beyond 40-bit addresses`);
    if (image.has(number)) fail(offset, `block 0x${number.toString(16)} is listed twice`);
    const isEmpty = word >= ZERO_BLOCK;
    if (!isEmpty && next === data.length) fail(offset, 'more blocks with data are listed than there are');
    image.set(number, isEmpty ? zeros : data[next++]);
  }
  if (next !== data.length) fail(0, 'fewer blocks with data are listed than there are');
  return image;
}
