// Every recorded vector: results, exception flags, condition codes and C1, bit for bit.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FORMS, VENDOR_DIFFERENCES, difference, parseVector } from './vectors.ts';

const packed = readFileSync(join(import.meta.dirname, 'vectors', 'float80.txt.br'));
const vectors = brotliDecompressSync(packed).toString('latin1').trimEnd().split('\n').map(parseVector);

describe('x87 arithmetic', () => {
  it.each(Object.keys(FORMS))('%s does what the processor did', (name) => {
    const own = vectors.filter((vector) => vector.name === name);
    const compared = own.filter((vector) => !VENDOR_DIFFERENCES.some(({ holds }) => holds(vector)));
    const failures = compared.flatMap((vector) => {
      const wrong = difference(vector);
      return wrong === null ? [] : [`${vector.text}: ${wrong}`];
    });
    expect(failures.slice(0, 10), `${failures.length} of ${compared.length} vectors fail`).toEqual([]);
    expect(compared.length).toBeGreaterThan(Math.max(20, 0.9 * own.length));
  });

  it.each(VENDOR_DIFFERENCES)('meets: $name', ({ holds }) => {
    const met = vectors.filter(holds);
    expect(met.length).toBeGreaterThan(5);
    expect(
      met.some((vector) => difference(vector) !== null),
      'an excuse without need',
    ).toBe(true);
  });
});
