// Bytes in the encodings of the WebAssembly binary format (WebAssembly Core Specification, "Binary Format").

export class ByteWriter {
  private bytes = new Uint8Array(256);
  length = 0;

  u8(value: number): this {
    if (this.length === this.bytes.length) this.grow(1);
    this.bytes[this.length++] = value;
    return this;
  }

  /** Unsigned LEB128 of a 32-bit value. */
  u32(value: number): this {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.u8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.u8(rest);
  }

  /** Signed LEB128 of a 32-bit value. */
  s32(value: number): this {
    let rest = value | 0;
    for (;;) {
      const byte = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0)) return this.u8(byte);
      this.u8(byte | 0x80);
    }
  }

  /** Signed LEB128 of a 64-bit value. */
  s64(value: bigint): this {
    let rest = BigInt.asIntN(64, value);
    for (;;) {
      const byte = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0)) return this.u8(byte);
      this.u8(byte | 0x80);
    }
  }

  /** A vector of bytes: length, then the bytes. */
  vector(content: ByteWriter): this {
    this.u32(content.length);
    return this.raw(content.finish());
  }

  raw(content: Uint8Array): this {
    this.grow(content.length);
    this.bytes.set(content, this.length);
    this.length += content.length;
    return this;
  }

  name(text: string): this {
    this.u32(text.length);
    for (let n = 0; n < text.length; n++) this.u8(text.charCodeAt(n));
    return this;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }

  private grow(room: number): void {
    if (this.length + room <= this.bytes.length) return;
    const wider = new Uint8Array(Math.max(2 * this.bytes.length, this.length + room));
    wider.set(this.bytes);
    this.bytes = wider;
  }
}
