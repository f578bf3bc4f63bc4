import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../src/cpu/translator/wasm/byte-writer.ts';

/** LEB128 by the definition: 7 bits a byte, least significant first, until the rest is nothing but sign. */
function leb128(value: bigint, signed: boolean): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = signed ? rest === (low & 0x40 ? -1n : 0n) : rest === 0n;
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

const written = (write: (w: ByteWriter) => void): number[] => {
  const writer = new ByteWriter();
  write(writer);
  return [...writer.finish()];
};

const EDGES = [0, 1, 63, 64, 127, 128, 8191, 8192, 0x7fffffff, -1, -64, -65, -128, -129, -0x80000000];

describe('numbers', () => {
  it.each(EDGES)('%d in 32 bits', (value) => {
    expect(written((w) => w.u32(value))).toEqual(leb128(BigInt(value >>> 0), false));
    expect(written((w) => w.s32(value))).toEqual(leb128(BigInt(value), true));
  });

  it('of 32 bits are LEB128', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(written((w) => w.u32(value))).toEqual(leb128(BigInt(value >>> 0), false));
        expect(written((w) => w.s32(value))).toEqual(leb128(BigInt(value), true));
      }),
      { seed: 1 },
    );
  });

  it('of 64 bits are signed LEB128, modulo 2^64', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }), (value) => {
        expect(written((w) => w.s64(value))).toEqual(leb128(BigInt.asIntN(64, value), true));
      }),
      { seed: 2 },
    );
  });
});

describe('bytes', () => {
  it('are kept however many there are', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 6 }), (parts) => {
        const writer = new ByteWriter();
        for (const part of parts) {
          writer.raw(part);
          for (const byte of part) writer.u8(byte);
        }
        expect([...writer.finish()]).toEqual(parts.flatMap((part) => [...part, ...part]));
        expect(writer.length).toBe(2 * parts.reduce((sum, { length }) => sum + length, 0));
      }),
      { seed: 3 },
    );
  });

  it('in a vector follow their number, in a name too', () => {
    const content = new Uint8Array(200).fill(7);
    expect(written((w) => w.vector(new ByteWriter().raw(content)))).toEqual([0xc8, 0x01, ...content]);
    expect(written((w) => w.name('env'))).toEqual([3, 0x65, 0x6e, 0x76]);
  });
});
