// Exact operation and one rounding, in single and double precision, against the host's arithmetic: over all exponents, with
// denormal operands and results.

import { describe, expect, it } from 'vitest';
import { divExact, mulExact } from '../../src/cpu/float/exact.ts';
import { DOUBLE, SINGLE } from '../../src/cpu/float/format.ts';
import type { Exact, FloatFormat } from '../../src/cpu/float/format.ts';
import { deliver } from '../../src/cpu/float/result.ts';
import { environment } from './environment.ts';
import { addExact, sqrtExact } from './oracle/exact.ts';
import { infinityOf, packInterchange, unpackInterchange } from './oracle/interchange.ts';

const view = new DataView(new ArrayBuffer(8));

// biome-ignore format: a table
const HOST = {
  single: {
    format: SINGLE, width: 32,
    number: (bits: bigint): number => { view.setUint32(0, Number(bits)); return view.getFloat32(0); },
    bits: (x: number): bigint => { view.setFloat32(0, x); return BigInt(view.getUint32(0)); },
  },
  double: {
    format: DOUBLE, width: 64,
    number: (bits: bigint): number => { view.setBigUint64(0, bits); return view.getFloat64(0); },
    bits: (x: number): bigint => { view.setFloat64(0, x); return view.getBigUint64(0); },
  },
} as const;

/** Linear congruences, the upper half of 128 bits. */
function* randomBits(count: number): Generator<bigint> {
  let state = 1n;
  for (let n = 0; n < count; n++) {
    state = BigInt.asUintN(128, state * 0x2360ed051fc65da44385df649fccf645n + 1n);
    yield state >> 64n;
  }
}

function rounded(value: Exact, format: FloatFormat): bigint {
  if (value.significand === 0n) return 0n;
  const result = deliver(environment(), value, format, 0)!;
  return result.infinite ? infinityOf(result.sign, format) : packInterchange(result, format);
}

describe.each(['single', 'double'] as const)('%s precision', (name) => {
  const { format, width, number, bits } = HOST[name];
  const random = [...randomBits(8000)].map((x) => BigInt.asUintN(width, x));
  const operands = random.map((x) => unpackInterchange(x, format));
  const isNumber = (n: number): boolean => operands[n]!.kind === 'finite';
  // Each with the next, whose exponent is taken from the first in every other pair, so that sums are not of one operand alone.
  const exponents = infinityOf(0, format);
  const pairs = random.slice(1).map((y, n): [bigint, bigint] => [random[n]!, n % 2 ? y : (y & ~exponents) | (random[n]! & exponents)]);
  const finitePairs = pairs.filter((pair) => pair.every((x) => unpackInterchange(x, format).kind === 'finite'));

  it.each([
    ['sums', addExact, (a: number, b: number) => a + b],
    ['products', mulExact, (a: number, b: number) => a * b],
    ['quotients', divExact, (a: number, b: number) => a / b],
  ] as const)("%s are the host's", (_name, exact, host) => {
    expect(finitePairs.length).toBeGreaterThan(7000);
    for (const [x, y] of finitePairs) {
      const ours = rounded(exact(unpackInterchange(x, format), unpackInterchange(y, format)), format);
      expect(ours, `${number(x)}, ${number(y)}`).toBe(bits(host(number(x), number(y))));
    }
  });

  it("square roots are the host's", () => {
    random.forEach((x, n) => {
      const magnitude = { ...operands[n]!, sign: 0 } as const;
      if (isNumber(n)) expect(rounded(sqrtExact(magnitude), format)).toBe(bits(Math.sqrt(Math.abs(number(x)))));
    });
  });

  it('encodings survive', () => {
    random.forEach((x, n) => {
      if (isNumber(n)) expect(packInterchange(operands[n]!, format)).toBe(x);
    });
  });
});
