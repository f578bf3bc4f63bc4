import { crc32 as reference } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/base/crc32.ts';

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, n) => (n * 167 + (n >>> 3)) & 0xff);

describe('crc32', () => {
  it('has the check value of the standard', () => expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926));
  it('of nothing is 0', () => expect(crc32(new Uint8Array(0))).toBe(0));

  it.each([1, 7, 8, 9, 15, 16, 63, 4096, 4099])('of %i bytes is that of zlib', (length) => {
    expect(crc32(bytes(length))).toBe(reference(bytes(length)));
  });

  it('can be taken in pieces', () => {
    const all = bytes(1000);
    for (const cut of [0, 1, 8, 500, 999, 1000]) expect(crc32(all.subarray(cut), crc32(all.subarray(0, cut)))).toBe(crc32(all));
  });
});
