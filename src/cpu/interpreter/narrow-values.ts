// Values of at most 32 bits as numbers. Four bytes are kept as a signed int32, one and two bytes as the unsigned number:
// the forms that the host's integer operations give for free.

import type { Size } from '../builder/insn.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { BuilderBase } from './builder-base.ts';

const fit = (size: Size, x: number): number => (size === 4 ? x | 0 : size === 1 ? x & 0xff : x & 0xffff);
const signed = (size: Size, x: number): number => (size === 4 ? x : size === 1 ? (x << 24) >> 24 : (x << 16) >> 16);

/** Values of the narrow builder; addresses are numbers, conditions booleans. */
export interface Narrow {
  readonly value: number;
  readonly address: number;
  readonly condition: boolean;
}

export abstract class NarrowValues extends BuilderBase<number> {
  constructor(cpu: Cpu) {
    super(cpu);
  }

  constant(size: Size, n: number): number {
    return fit(size, n);
  }
  // The cut to 32 bits stands beside the sum, so that V8 adds integers although sums overflow.
  add(size: Size, x: number, y: number): number {
    return fit(size, (x + y) | 0);
  }
  sub(size: Size, x: number, y: number): number {
    return fit(size, (x - y) | 0);
  }
  mul(size: Size, x: number, y: number): number {
    return fit(size, Math.imul(x, y));
  }

  mulHighUnsigned(size: Size, x: number, y: number): number {
    if (size === 4) return Number((BigInt(x >>> 0) * BigInt(y >>> 0)) >> 32n) | 0;
    return fit(size, (x * y) / 2 ** (8 * size));
  }

  mulHighSigned(size: Size, x: number, y: number): number {
    if (size === 4) return Number((BigInt(x) * BigInt(y)) >> 32n) | 0;
    return fit(size, (signed(size, x) * signed(size, y)) >> (8 * size));
  }

  divideUnsigned(size: Size, high: number, low: number, divisor: number): readonly [number, number] {
    const scale = 2 ** (8 * size);
    const d = divisor >>> 0;
    const h = high >>> 0;
    const l = low >>> 0;
    // The quotient fits exactly when high < divisor; that also refuses divisor 0.
    if (h >= d) this.cpu.raise(Vector.DE);
    if (h < 0x200000) {
      const dividend = h * scale + l;
      const quotient = Math.floor(dividend / d);
      return [fit(size, quotient), fit(size, dividend - quotient * d)];
    }
    const dividend = (BigInt(h) << 32n) | BigInt(l);
    return [Number(dividend / BigInt(d)) | 0, Number(dividend % BigInt(d)) | 0];
  }

  divideSigned(size: Size, high: number, low: number, divisor: number): readonly [number, number] {
    const bits = 8 * size;
    const d = signed(size, divisor);
    const dividend = (BigInt(signed(size, high)) << BigInt(bits)) | BigInt(size === 4 ? low >>> 0 : low);
    if (d === 0) this.cpu.raise(Vector.DE);
    const quotient = dividend / BigInt(d);
    if (quotient !== BigInt.asIntN(bits, quotient)) this.cpu.raise(Vector.DE);
    return [fit(size, Number(quotient)), fit(size, Number(dividend % BigInt(d)))];
  }

  and(x: number, y: number): number {
    return x & y;
  }
  or(x: number, y: number): number {
    return x | y;
  }
  xor(x: number, y: number): number {
    return x ^ y;
  }
  not(size: Size, x: number): number {
    return fit(size, ~x);
  }
  shl(size: Size, x: number, n: number): number {
    return n > 31 ? 0 : fit(size, x << n);
  }
  shr(size: Size, x: number, n: number): number {
    return n > 31 ? 0 : fit(size, x >>> n);
  }
  sar(size: Size, x: number, n: number): number {
    return fit(size, signed(size, x) >> (n > 31 ? 31 : n));
  }
  modulo(n: number, m: number): number {
    return n % m;
  }
  signExtend(from: Size, to: Size, x: number): number {
    return fit(to, signed(from, x));
  }
  truncate(to: Size, x: number): number {
    return fit(to, x);
  }

  byteSwap(size: Size, x: number): number {
    if (size === 2) return ((x >>> 8) | (x << 8)) & 0xffff;
    return ((x >>> 24) & 0xff) | ((x >>> 8) & 0xff00) | ((x << 8) & 0xff0000) | (x << 24);
  }

  countLeadingZeros(size: Size, x: number): number {
    return Math.clz32(x) - (32 - 8 * size);
  }
  countTrailingZeros(size: Size, x: number): number {
    return x === 0 ? 8 * size : 31 - Math.clz32(x & -x);
  }

  populationCount(_size: Size, x: number): number {
    let n = x - ((x >>> 1) & 0x55555555);
    n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
    return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }

  isZero(x: number): boolean {
    return x === 0;
  }
  equal(x: number, y: number): boolean {
    return x === y;
  }
  lessUnsigned(_size: Size, x: number, y: number): boolean {
    return x >>> 0 < y >>> 0;
  }
  lessSigned(size: Size, x: number, y: number): boolean {
    return signed(size, x) < signed(size, y);
  }
  bit(x: number, n: number): boolean {
    return ((x >>> n) & 1) !== 0;
  }
  bitAt(x: number, n: number): boolean {
    return ((x >>> n) & 1) !== 0;
  }
  signBit(size: Size, x: number): boolean {
    return signed(size, x) < 0;
  }
  fromCondition(c: boolean): number {
    return c ? 1 : 0;
  }
  select(c: boolean, whenTrue: number, whenFalse: number): number {
    return c ? whenTrue : whenFalse;
  }
}
