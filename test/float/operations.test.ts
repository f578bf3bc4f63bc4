// The operations against the host's double arithmetic: with 53-bit precision and operands of moderate size, both round alike.

import { describe, expect, it } from 'vitest';
import {
  add,
  classify,
  compare,
  constant,
  div,
  extract,
  fromBcd,
  fromFloat32,
  fromInteger,
  mul,
  remainder,
  roundToInteger,
  scale,
  sqrt,
  sub,
  toBcd,
  toFloat32,
  toInteger,
} from '../../src/cpu/float/index.ts';
import type { FloatEnvironment } from '../../src/cpu/float/index.ts';
import { double, environment, extended } from './environment.ts';

const NUMBERS = [0, 1, -1, 0.1, -2.5, 3, 1 / 3, 1e10, -1e-10, Math.PI, 123456789.125, 2 ** 60, Infinity, -Infinity];

/** FPREM in a loop, as programs execute it. */
function completeRemainder(env: FloatEnvironment, a: bigint, b: bigint): bigint {
  for (let step = remainder(env, a, b, { nearest: false })!; ; step = remainder(env, step.value, b, { nearest: false })!) {
    if (!step.partial) return step.value;
  }
}

describe('with 53 bits of precision', () => {
  const pairs = NUMBERS.flatMap((a) => NUMBERS.map((b): [number, number] => [a, b]));

  it.each([
    ['add', add, (a: number, b: number) => a + b],
    ['sub', sub, (a: number, b: number) => a - b],
    ['mul', mul, (a: number, b: number) => a * b],
    ['div', div, (a: number, b: number) => a / b],
    ['FPREM, until it is complete,', completeRemainder, (a: number, b: number) => a % b],
  ] as const)("%s is the host's", (_name, operation, expected) => {
    for (const [a, b] of pairs) {
      expect(double(operation(environment({ precision: 53 }), extended(a), extended(b))), `${a}, ${b}`).toBe(expected(a, b));
    }
  });

  it("sqrt is the host's", () => {
    for (const a of NUMBERS) expect(double(sqrt(environment({ precision: 53 }), extended(a))), `${a}`).toBe(Math.sqrt(a));
  });

  it("comparing is the host's", () => {
    for (const [a, b] of pairs) {
      expect(compare(environment(), extended(a), extended(b), { quiet: false })).toBe(a < b ? 'less' : a > b ? 'greater' : 'equal');
    }
  });
});

describe('conversions', () => {
  it.each([0n, 1n, -1n, 255n, 2n ** 63n - 1n, -(2n ** 63n)])('the integer %s survives', (x) => {
    expect(toInteger(environment(), fromInteger(x), 8, { truncate: false })).toBe(x);
  });

  it.each([0x3f800000n, 0x80000000n, 0x00000001n, 0x807fffffn, 0x7f7fffffn, 0xff800000n, 0x7fc12345n])('the single %s survives', (x) => {
    expect(toFloat32(environment(), fromFloat32(environment(), x)!)).toBe(x);
  });

  it.each([
    [2.5, 2n],
    [3.5, 4n],
    [-0.5, 0n],
    [-1.75, -2n],
  ])('%s rounds to the nearest integer, of two the even one: %s', (x, expected) => {
    expect(toInteger(environment(), extended(x), 4, { truncate: false })).toBe(expected);
    expect(double(roundToInteger(environment(), extended(x)))).toBe(x === -0.5 ? -0 : Number(expected));
  });

  it('packed BCD has 18 digits and a sign', () => {
    const bcd = 0x8000_9876_5432_1012_3456n;
    expect(double(fromBcd(bcd))).toBe(-987654321_0123456);
    expect(toBcd(environment(), fromBcd(bcd))).toBe(bcd);
  });
});

describe('exponents and classes', () => {
  it('FSCALE adds the integer part to the exponent', () => {
    expect(double(scale(environment(), extended(1.5), extended(-3.9)))).toBe(1.5 / 8);
  });

  it('FXTRACT gives exponent and significand', () => {
    const { exponent, significand } = extract(environment(), extended(-20))!;
    expect([double(exponent), double(significand)]).toEqual([4, -1.25]);
  });

  it('FXAM tells classes apart', () => {
    expect([0, 1, Infinity, NaN].map((x) => classify(extended(x)))).toEqual(['zero', 'normal', 'infinity', 'nan']);
    expect(classify(1n)).toBe('denormal');
    expect(classify(0x3fff_0000_0000_0000_0001n)).toBe('unsupported');
  });

  it('constants follow RC', () => {
    expect(constant('FLDPI', 0)).toBe(0x4000_c90f_daa2_2168_c235n);
    expect(constant('FLDPI', 1)).toBe(0x4000_c90f_daa2_2168_c234n);
  });
});
