import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/base/crc32.ts';
import { InternalError } from '../../src/base/errors.ts';
import { bytesSource, ContainerKind, decodeContainer, encodeContainer, isContainer } from '../../src/snapshot/format.ts';
import type { Checksum, Container, Header } from '../../src/snapshot/format.ts';
import { MAX_ATTACHMENTS, MAX_BLOCKS, MAX_HEADER, MAX_NUMBER, MAX_SECTIONS } from '../../src/snapshot/limits.ts';
import type { MemoryImage } from '../../src/snapshot/memory-image.ts';

const PAGE = 4096;
const KIND = ContainerKind.CHECKPOINT_BASE;

const page = (seed: number): Uint8Array => Uint8Array.from({ length: PAGE }, (_, n) => (n * seed) & 0xff);

function encoded(header: Header, pages: MemoryImage, checksum?: Checksum): { bytes: Uint8Array; crc: number } {
  const parts: Uint8Array[] = [];
  const generator = encodeContainer(KIND, header, [pages], checksum);
  for (let part = generator.next(); ; part = generator.next()) {
    if (part.done) return { bytes: Uint8Array.from(Buffer.concat(parts)), crc: part.value };
    parts.push(part.value);
  }
}

const decoded = (bytes: Uint8Array): Container => decodeContainer(bytesSource('f', bytes));

function attempt<T>(action: () => T): T | Error {
  try {
    return action();
  } catch (error) {
    return error as Error;
  }
}

function expectSame(a: Container, b: Container): void {
  expect({ ...a, sections: a.sections.length }).toEqual({ ...b, sections: b.sections.length });
  a.sections.forEach((section, n) => expectPages(section, b.sections[n]!));
}

/** Faster on thousands of bytes than comparing element by element. */
function expectPages(a: MemoryImage, b: MemoryImage): void {
  expect([...a.keys()]).toEqual([...b.keys()]);
  expect([...a].filter(([gfn, page]) => Buffer.compare(page, b.get(gfn)!) !== 0).map(([gfn]) => gfn)).toEqual([]);
}

const HEADER: Header = { name: 'état', list: [1, 2], nested: { none: null } };
const PAGES: MemoryImage = new Map([
  [9, page(3)],
  [0, new Uint8Array(PAGE)],
  [0xfffffff, page(5)],
]);

/** Sets a 32-bit word and mends the checksum. */
function mended(bytes: Uint8Array, offset: number, word: number): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  view.setUint32(offset, word, true);
  view.setUint32(copy.length - 4, crc32(copy.subarray(0, copy.length - 4)), true);
  return copy;
}

describe('container', () => {
  it('gives back header and pages, in their order', () => {
    const { bytes, crc } = encoded(HEADER, PAGES);
    const container = decoded(bytes);
    expect(container).toMatchObject({ kind: KIND, header: HEADER, crc });
    expectPages(container.sections[0]!, PAGES);
    expect(isContainer(bytes)).toBe(true);
    expect(isContainer(bytes.subarray(1))).toBe(false);
  });

  it('spends nothing on pages of zeros but their numbers', () => {
    const zeros: MemoryImage = new Map(Array.from({ length: 100 }, (_, gfn) => [gfn, new Uint8Array(PAGE)]));
    const { bytes } = encoded({}, zeros);
    expect(bytes.length).toBe(32 + 4 + 8 + 4 * 100 + 4);
    expectPages(decoded(bytes).sections[0]!, zeros);
  });

  it('is the same wherever its pages lie, and whoever computes the checksum', () => {
    const slab = Uint8Array.from(Buffer.concat(Array.from({ length: 600 }, (_, n) => page(n | 1))));
    const at = (place: number): Uint8Array => slab.subarray(place * PAGE, (place + 1) * PAGE);
    const apart: MemoryImage = new Map(Array.from({ length: 600 }, (_, gfn) => [gfn, page(gfn | 1)]));
    const inRow: MemoryImage = new Map([...apart.keys()].map((gfn) => [gfn, at(gfn)]));
    const mixed: MemoryImage = new Map([...apart].map(([gfn, own]) => [gfn, gfn % 300 < 290 ? at(gfn) : own]));
    const expected = encoded({}, apart);
    for (const pages of [inRow, mixed]) {
      const { bytes, crc } = encoded({}, pages, zlib.crc32);
      expect(crc).toBe(expected.crc);
      expect(Buffer.compare(bytes, expected.bytes)).toBe(0);
    }
  });

  it('reaches over several pieces', () => {
    const many: MemoryImage = new Map(Array.from({ length: 600 }, (_, gfn) => [gfn, page(gfn | 1)]));
    expectPages(decoded(encoded({}, many).bytes).sections[0]!, many);
  });

  it('is what it was in version 2.0, byte for byte', () => {
    const disk: MemoryImage = new Map([[1, page(2)]]);
    const bytes = Uint8Array.from(Buffer.concat([...encodeContainer(KIND, { a: Uint8Array.of(7) }, [PAGES, disk])]));
    expect(Buffer.from(bytes.subarray(0, 92)).toString('latin1')).toBe(
      'TIDEMARK\x02\0\0\0\x01\0\0\0\x18\0\0\0\x04\0\0\0\x02\0\0\0\0\0\0\0{"a":{"$bytes":[0,1]}}  \x07\0\0\0' +
        '\x03\0\0\0\x02\0\0\0\x01\0\0\0\x01\0\0\0\x09\0\0\0\0\0\0\x80\xff\xff\xff\x0f\x01\0\0\0',
    );
    expect(bytes.length).toBe(92 + 3 * PAGE + 4);
    expect(bytes.subarray(92, 92 + PAGE)).toEqual(page(3));
    expect(decoded(bytes).sections.map((section) => [...section.keys()])).toEqual([[9, 0, 0xfffffff], [1]]);
  });
});

describe('bytes in the header', () => {
  it('may stand anywhere, and come back as bytes', () => {
    const deep = Buffer.from('xyz');
    const header = { a: Uint8Array.of(1, 2, 3), deep: [{ b: deep }, new Uint8Array(0)], n: 1 };
    const { header: back } = decoded(encoded(header, new Map()).bytes);
    expect(back).toEqual({ ...header, deep: [{ b: Uint8Array.from(deep) }, new Uint8Array(0)] });
  });

  it('cost what they are', () => {
    const empty = encoded({ a: new Uint8Array(0) }, new Map()).bytes.length;
    expect(encoded({ a: new Uint8Array(100_000) }, new Map()).bytes.length).toBeLessThan(empty + 100_010);
  });

  it.each(['[0,9]', '[4,1]', '[0]', '[-1,1]', '[0,1.5]', '"x"', '{}'])('%s is refused where there are 4', (place) => {
    const { bytes } = encoded({ a: Uint8Array.of(1, 2, 3, 4) }, new Map());
    const text = `{"a":{"$bytes":${place}}}`.padEnd(24);
    const forged = bytes.slice();
    forged.set(new TextEncoder().encode(text), 32);
    expect(() => decoded(mended(forged, 28, 0))).toThrow(/^f: offset 0x20: the header refers to bytes that there are not/);
  });

  it('a field that looks like a reference is refused by the writer', () => {
    expect(() => encoded({ a: { $bytes: [0, 0] } }, new Map())).toThrow(InternalError);
  });
});

describe('the writer refuses what the reader would', () => {
  const many = (count: number): MemoryImage => {
    const zeros = new Uint8Array(PAGE);
    return new Map(Array.from({ length: count }, (_, n) => [n, zeros]));
  };

  it.each<[string, Header, MemoryImage[], string]>([
    ['a header', { a: 'x'.repeat(MAX_HEADER) }, [], 'a header of 67108\\d+ bytes'],
    ['bytes beside it', { a: new Uint8Array(MAX_ATTACHMENTS + 1) }, [], '268435460 bytes beside the header'],
    ['sections', {}, Array.from({ length: MAX_SECTIONS + 1 }, () => many(0)), '65 sections'],
    ['blocks', {}, [many(MAX_BLOCKS + 1)], '1048577 blocks are more than a machine has'],
    ['a number', {}, [new Map([[MAX_NUMBER, page(1)]])], 'block 268435456'],
  ])('too large: %s, before the first piece', (_name, header, sections, message) => {
    const generator = encodeContainer(KIND, header, sections);
    expect(() => generator.next()).toThrow(
      expect.objectContaining({ name: 'InputError', message: expect.stringMatching(`^too large to be kept: ${message}$`) }),
    );
  });

  it('what is just small enough is written, and read again', () => {
    const text = JSON.stringify({ a: '', b: { $bytes: [0, 0] } }).length;
    const fitting = { a: 'x'.repeat(MAX_HEADER - text), b: new Uint8Array(0) };
    const sections = Array.from({ length: MAX_SECTIONS }, () => many(1));
    const bytes = Uint8Array.from(Buffer.concat([...encodeContainer(KIND, fitting, sections)]));
    const back = decoded(bytes);
    expect((back.header['a'] as string).length).toBe(MAX_HEADER - text);
    expect(back.sections.length).toBe(MAX_SECTIONS);
  });
});

describe('a container that is none', () => {
  const { bytes } = encoded(HEADER, PAGES);
  const list = bytes.length - 4 - 2 * PAGE - 12;
  const head = list - 8;
  const cases: [string, Uint8Array, string][] = [
    ['nothing', new Uint8Array(0), 'f: offset 0x0: the file ends here, inside its preamble'],
    ['something else', page(7), 'f: offset 0x0: not a Tidemark file: it does not begin with TIDEMARK'],
    ['another major version', mended(bytes, 8, 7), 'f: offset 0x8: format version 7.0; this build reads version 2'],
    ['truncated', bytes.subarray(0, 5000), `f: offset 0x1388: the file ends here, but must be ${bytes.length} bytes long: it is truncated`],
    ['longer', Uint8Array.from([...bytes, 1]), `f: offset 0x${bytes.length.toString(16)}: 1 bytes follow the end`],
    ['a flipped bit', bytes.map((byte, n) => (n === 300 ? byte ^ 4 : byte)), 'the file is damaged'],
    ['a header of absurd length', mended(bytes, 16, 0xfffffffc), 'f: offset 0x10: a header of 4294967292 bytes'],
    [
      'absurdly many pages',
      mended(bytes, head, 0xffffffff),
      `f: offset 0x${head.toString(16)}: 4294967295 blocks are more than a machine has`,
    ],
    ['more data than pages', mended(bytes, head + 4, 4), `f: offset 0x${head.toString(16)}: 4 blocks with data, but only 3 listed`],
    ['absurdly much beside the header', mended(bytes, 20, 0xfffffffc), 'f: offset 0x14: 4294967292 bytes beside the header'],
    ['absurdly many sections', mended(bytes, 24, 65), 'f: offset 0x18: 65 sections'],
    ['a section that is not there', mended(bytes, 24, 2), 'f: offset 0x'],
    ['a page too high', mended(bytes, list, 0x10000000), 'block number 0x10000000 is beyond 40-bit addresses'],
    ['a page twice', mended(bytes, list + 8, 9), 'block 0x9 is listed twice'],
    ['too many with data', mended(bytes, list + 4, 0), 'more blocks with data are listed than there are'],
    ['too few with data', mended(bytes, list, 0x80000009), 'fewer blocks with data are listed than there are'],
    ['no JSON', mended(bytes, 32, 0x20202020), 'f: offset 0x20: the header is not a JSON object'],
  ];
  it.each(cases)('%s: one line', (_name, damaged, message) => {
    expect(() => decoded(damaged)).toThrow(expect.objectContaining({ name: 'InputError', message: expect.stringContaining(message) }));
  });

  it('is refused where another kind is expected', () => {
    const decodeAsCycle = () => decodeContainer(bytesSource('f', bytes), ContainerKind.CHECKPOINT_CYCLE);
    expect(decodeAsCycle).toThrow('a file of kind 1 where kind 2 was expected');
  });

  it('2000 random mutations: an InputError in one line, or the same contents', () => {
    let seed = 12345;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const original = decoded(bytes);
    let refused = 0;
    for (let n = 0; n < 2000; n++) {
      // Mostly where the structure is.
      const within = random(3) === 0 ? bytes.length : 200;
      let mutant: Uint8Array = bytes.slice();
      for (let changes = 1 + random(3); changes > 0; changes--) mutant[random(within)] = random(256);
      if (random(4) === 0) mutant = mutant.slice(0, random(bytes.length));
      // With the right checksum again, so that what lies behind it is reached.
      const mend = random(2) === 0 && mutant.length > 44;
      if (mend) mutant = mended(mutant, 4 * random(10), random(2) === 0 ? random(64) : seed);
      const result = attempt(() => decoded(mutant));
      if (!(result instanceof Error)) {
        if (!mend) expectSame(result, original);
      } else {
        expect(result).toMatchObject({ name: 'InputError', message: expect.stringMatching(/^f: offset 0x[0-9a-f]+: [^\n]+$/) });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1500);
  });
});
