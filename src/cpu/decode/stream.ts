// The bytes of one instruction, counted: the sixteenth is never asked for (SDM vol. 2, "Instruction Format": at most 15).

export const MAX_LENGTH = 15;

/** Thrown instead of reading a sixteenth byte. `decode` catches it and gives TOO_LONG. */
export class TooLong {
  readonly signal = 'too-long';
}

export class ByteStream {
  /** Bytes taken so far. */
  length = 0;

  constructor(private readonly next: () => number) {}

  u8(): number {
    if (this.length === MAX_LENGTH) throw new TooLong();
    const byte = this.next();
    this.length++;
    return byte;
  }

  s8(): number {
    return (this.u8() << 24) >> 24;
  }

  u16(): number {
    const low = this.u8();
    return low | (this.u8() << 8);
  }

  s16(): number {
    return (this.u16() << 16) >> 16;
  }

  s32(): number {
    const low = this.u16();
    return low | (this.u16() << 16);
  }

  /** Eight bytes as a signed bigint. */
  s64(): bigint {
    const low = BigInt(this.s32() >>> 0);
    return (BigInt(this.s32()) << 32n) | low;
  }
}
