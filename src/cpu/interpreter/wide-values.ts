// Values of up to 64 bits as unsigned bigints.

import type { Size } from '../builder/insn.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { BuilderBase } from './builder-base.ts';

const fit = (size: Size, x: bigint): bigint => (size === 8 ? BigInt.asUintN(64, x) : BigInt.asUintN(8 * size, x));
const signed = (size: Size, x: bigint): bigint => (size === 8 ? BigInt.asIntN(64, x) : BigInt.asIntN(8 * size, x));

/** Values of the wide builder; addresses are numbers, conditions booleans. */
export interface Wide {
  readonly value: bigint;
  readonly address: number;
  readonly condition: boolean;
}

export abstract class WideValues extends BuilderBase<bigint> {
  constructor(cpu: Cpu) {
    super(cpu);
  }

  constant(size: Size, n: number): bigint {
    return fit(size, BigInt(n));
  }
  add(size: Size, x: bigint, y: bigint): bigint {
    return size === 8 ? BigInt.asUintN(64, x + y) : fit(size, x + y);
  }
  sub(size: Size, x: bigint, y: bigint): bigint {
    return size === 8 ? BigInt.asUintN(64, x - y) : fit(size, x - y);
  }
  mul(size: Size, x: bigint, y: bigint): bigint {
    return fit(size, x * y);
  }
  mulHighUnsigned(size: Size, x: bigint, y: bigint): bigint {
    return fit(size, (x * y) >> BigInt(8 * size));
  }
  mulHighSigned(size: Size, x: bigint, y: bigint): bigint {
    return fit(size, (signed(size, x) * signed(size, y)) >> BigInt(8 * size));
  }

  divideUnsigned(size: Size, high: bigint, low: bigint, divisor: bigint): readonly [bigint, bigint] {
    // The quotient fits exactly when high < divisor; that also refuses divisor 0.
    if (high >= divisor) this.cpu.raise(Vector.DE);
    const dividend = (high << BigInt(8 * size)) | low;
    return [dividend / divisor, dividend % divisor];
  }

  divideSigned(size: Size, high: bigint, low: bigint, divisor: bigint): readonly [bigint, bigint] {
    const d = signed(size, divisor);
    if (d === 0n) this.cpu.raise(Vector.DE);
    const dividend = (signed(size, high) << BigInt(8 * size)) | low;
    const quotient = dividend / d;
    if (quotient !== signed(size, quotient)) this.cpu.raise(Vector.DE);
    return [fit(size, quotient), fit(size, dividend % d)];
  }

  and(x: bigint, y: bigint): bigint {
    return x & y;
  }
  or(x: bigint, y: bigint): bigint {
    return x | y;
  }
  xor(x: bigint, y: bigint): bigint {
    return x ^ y;
  }
  not(size: Size, x: bigint): bigint {
    return fit(size, ~x);
  }
  shl(size: Size, x: bigint, n: bigint): bigint {
    return n > 63n ? 0n : fit(size, x << n);
  }
  shr(size: Size, x: bigint, n: bigint): bigint {
    return n > 63n ? 0n : fit(size, x >> n);
  }
  sar(size: Size, x: bigint, n: bigint): bigint {
    return fit(size, signed(size, x) >> (n > 63n ? 63n : n));
  }
  modulo(n: bigint, m: number): bigint {
    return n % BigInt(m);
  }
  signExtend(from: Size, to: Size, x: bigint): bigint {
    return fit(to, signed(from, x));
  }
  truncate(to: Size, x: bigint): bigint {
    return fit(to, x);
  }

  byteSwap(size: Size, x: bigint): bigint {
    let out = 0n;
    for (let n = 0; n < size; n++) out = (out << 8n) | ((x >> BigInt(8 * n)) & 0xffn);
    return out;
  }

  countLeadingZeros(size: Size, x: bigint): bigint {
    const high = Number(x >> 32n);
    const low = Number(x & 0xffffffffn);
    const zeros = high !== 0 ? Math.clz32(high) : 32 + Math.clz32(low);
    return BigInt(zeros - (64 - 8 * size));
  }

  countTrailingZeros(size: Size, x: bigint): bigint {
    const high = Number(x >> 32n) | 0;
    const low = Number(x & 0xffffffffn) | 0;
    if (low !== 0) return BigInt(31 - Math.clz32(low & -low));
    return high !== 0 ? BigInt(63 - Math.clz32(high & -high)) : BigInt(8 * size);
  }

  populationCount(_size: Size, x: bigint): bigint {
    let n = x - ((x >> 1n) & 0x5555555555555555n);
    n = (n & 0x3333333333333333n) + ((n >> 2n) & 0x3333333333333333n);
    n = (n + (n >> 4n)) & 0x0f0f0f0f0f0f0f0fn;
    return BigInt.asUintN(64, n * 0x0101010101010101n) >> 56n;
  }

  isZero(x: bigint): boolean {
    return x === 0n;
  }
  equal(x: bigint, y: bigint): boolean {
    return x === y;
  }
  lessUnsigned(_size: Size, x: bigint, y: bigint): boolean {
    return x < y;
  }
  lessSigned(size: Size, x: bigint, y: bigint): boolean {
    return signed(size, x) < signed(size, y);
  }
  bit(x: bigint, n: bigint): boolean {
    return ((x >> n) & 1n) !== 0n;
  }
  bitAt(x: bigint, n: number): boolean {
    return ((x >> BigInt(n)) & 1n) !== 0n;
  }
  signBit(size: Size, x: bigint): boolean {
    return signed(size, x) < 0n;
  }
  fromCondition(c: boolean): bigint {
    return c ? 1n : 0n;
  }
  select(c: boolean, whenTrue: bigint, whenFalse: bigint): bigint {
    return c ? whenTrue : whenFalse;
  }
}
