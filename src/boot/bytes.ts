// Little-endian reading and building of the structures that image formats and start information are made of.

import { InputError } from '../base/errors.ts';

export const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

/** A file whose fields are read by offset; reading past its end is an InputError that says what was read. */
export class ImageReader {
  private readonly view: DataView;

  constructor(
    readonly name: string,
    readonly bytes: Uint8Array,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  u8(offset: number, what: string): number {
    this.need(offset, 1, what);
    return this.view.getUint8(offset);
  }

  u16(offset: number, what: string): number {
    this.need(offset, 2, what);
    return this.view.getUint16(offset, true);
  }

  u32(offset: number, what: string): number {
    this.need(offset, 4, what);
    return this.view.getUint32(offset, true);
  }

  u64(offset: number, what: string): bigint {
    this.need(offset, 8, what);
    return this.view.getBigUint64(offset, true);
  }

  /** An InputError about this file: one line naming the file, the offset and what is wrong. */
  error(offset: number | null, what: string): InputError {
    return new InputError(`${this.name}: ${offset === null ? '' : `offset ${hex(offset)}: `}${what}`);
  }

  private need(offset: number, bytes: number, what: string): void {
    if (offset + bytes > this.length) throw this.error(offset, `the file ends (at ${hex(this.length)}) inside ${what}`);
  }
}

/** Builds a structure field by field. */
export class Packer {
  private readonly parts: number[] = [];

  u32(...values: number[]): this {
    for (const value of values) this.parts.push(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff);
    return this;
  }

  /** Values up to 2^53. */
  u64(...values: number[]): this {
    for (const value of values) this.u32(value % 2 ** 32, Math.floor(value / 2 ** 32));
    return this;
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.parts);
  }
}

/** `text` in UTF-8 with a terminating NUL. InputError if it contains one itself. */
export function cString(text: string, what: string): Uint8Array {
  if (text.includes('\0')) throw new InputError(`${what} contains a NUL character`);
  const encoded = new TextEncoder().encode(text);
  const bytes = new Uint8Array(encoded.length + 1);
  bytes.set(encoded);
  return bytes;
}
