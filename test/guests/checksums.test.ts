// The expected output of sieve, sort and sha256 against other implementations of what they compute.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GUESTS } from './catalog.ts';
import { MIX_START, Xorshift32, hex, mix } from './arithmetic.ts';

const SCALES = [
  { scale: 1, file: 'expected-output-scale-1.txt' },
  { scale: 40, file: 'expected-output.txt' },
];
const expected = (name: string, file: string): string => readFileSync(new URL(`${name}/${file}`, GUESTS), 'utf8');

function randomWords(count: number): Uint32Array {
  const random = new Xorshift32(1);
  return Uint32Array.from({ length: count }, () => random.next());
}

describe.each(SCALES)('scale $scale', ({ scale, file }) => {
  it('sieve', () => {
    const limit = 250_000 * scale;
    const composite = new Uint8Array(limit);
    let hash = MIX_START;
    let count = 0;
    for (let n = 2; n < limit; n++) {
      if (composite[n]) continue;
      count++;
      hash = mix(hash, n);
      for (let multiple = 2 * n; multiple < limit; multiple += n) composite[multiple] = 1;
    }
    expect(expected('sieve', file)).toBe(`sieve: start\nsieve: ${count} primes below ${limit}\nsieve: ${hex(hash)}\nsieve: done\n`);
  });

  it('sort', () => {
    const words = randomWords(25_000 * scale).sort();
    const hash = words.reduce(mix, MIX_START);
    expect(expected('sort', file)).toBe(`sort: start\nsort: ${words.length} words in order\nsort: ${hex(hash)}\nsort: done\n`);
  });

  it('sha256', () => {
    const hash = createHash('sha256');
    const buffer = new Uint8Array(randomWords(16384).buffer);
    for (let round = 0; round < scale; round++) hash.update(buffer);
    expect(expected('sha256', file)).toBe(`sha256: start\nsha256: ${hash.digest('hex')}\nsha256: done\n`);
  });
});
