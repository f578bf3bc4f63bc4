// The value part of the translator's builder. Each operation emits code that leaves its result in a fresh local. Values of 1, 2
// and 4 bytes are i32, zero-extended; values of 8 bytes are i64.

import type { Size } from '../builder/insn.ts';
import { Temporaries, Val, typeOf } from './value.ts';
import type { FunctionBody } from './wasm/function-body.ts';
import type { OpName, Type } from './wasm/opcodes.ts';

const bitsOf = (size: Size): number => 8 * size;
const maskOf = (size: Size): number => (size === 1 ? 0xff : 0xffff);

export class ValueBuilder {
  readonly temporaries: Temporaries;

  constructor(readonly body: FunctionBody) {
    this.temporaries = new Temporaries(body);
  }

  // ── emission ────────────────────────────────────────────────────────────────────────────────────────────────────
  /** Puts x on the stack as `type`; an i32 is zero-extended, an i64 cut. */
  push(x: Val, type: Type = x.type): FunctionBody {
    const { body } = this;
    if (x.constant !== null) return type === 'i64' ? body.i64(x.constant) : body.i32(Number(BigInt.asIntN(32, x.constant)));
    body.get(x.local);
    if (x.type === type) return body;
    return body.op(type === 'i64' ? 'i64.extend_i32_u' : 'i32.wrap_i64');
  }

  /** The top of the stack in a fresh local. */
  pop(type: Type): Val {
    const local = this.temporaries.take(type);
    this.body.set(local);
    return Val.local(type, local);
  }

  /** The top of the stack, cut to `size`, in a fresh local. */
  private popSized(size: Size): Val {
    if (size <= 2) this.body.i32(maskOf(size)).op('i32.and');
    return this.pop(typeOf(size));
  }

  private op(type: Type, name: string): void {
    this.body.op(`${type}.${name}` as OpName);
  }

  private binary(size: Size, name: string, x: Val, y: Val): Val {
    const type = typeOf(size);
    this.push(x, type);
    this.push(y, type);
    this.op(type, name);
    return this.popSized(size);
  }

  private compare(type: Type, name: string, x: Val, y: Val): Val {
    this.push(x, type);
    this.push(y, type);
    this.op(type, name);
    return this.pop('i32');
  }

  /** x with its sign in all bits of its type. */
  protected pushSigned(size: Size, x: Val): void {
    this.push(x, typeOf(size));
    if (size === 1) this.body.op('i32.extend8_s');
    if (size === 2) this.body.op('i32.extend16_s');
  }

  private wider(x: Val, y: Val): Type {
    return x.type === 'i64' || y.type === 'i64' ? 'i64' : 'i32';
  }

  // ── arithmetic ──────────────────────────────────────────────────────────────────────────────────────────────────
  constant(size: Size, n: number): Val {
    return Val.constant(typeOf(size), BigInt.asUintN(bitsOf(size), BigInt(n)));
  }

  private fold(size: Size, x: Val, y: Val, compute: (x: bigint, y: bigint) => bigint): Val | null {
    if (x.constant === null || y.constant === null) return null;
    return Val.constant(typeOf(size), BigInt.asUintN(bitsOf(size), compute(x.constant, y.constant)));
  }

  add(size: Size, x: Val, y: Val): Val {
    const sum = this.fold(size, x, y, (a, b) => a + b) ?? this.binary(size, 'add', x, y);
    sum.origin = { op: 'add', size, x, y };
    return sum;
  }

  sub(size: Size, x: Val, y: Val): Val {
    const difference = this.fold(size, x, y, (a, b) => a - b) ?? this.binary(size, 'sub', x, y);
    difference.origin = { op: 'sub', size, x, y };
    return difference;
  }

  mul(size: Size, x: Val, y: Val): Val {
    return this.binary(size, 'mul', x, y);
  }

  mulHighUnsigned(size: Size, x: Val, y: Val): Val {
    if (size === 8) return this.mulHigh64(x, y);
    this.push(x, 'i64');
    this.push(y, 'i64');
    this.body
      .op('i64.mul')
      .i64(BigInt(bitsOf(size)))
      .op('i64.shr_u', 'i32.wrap_i64');
    return this.popSized(size);
  }

  mulHighSigned(size: Size, x: Val, y: Val): Val {
    if (size === 8) return this.mulHighSigned64(x, y);
    this.pushSigned(size, x);
    this.body.op('i64.extend_i32_s');
    this.pushSigned(size, y);
    this.body
      .op('i64.extend_i32_s', 'i64.mul')
      .i64(BigInt(bitsOf(size)))
      .op('i64.shr_s', 'i32.wrap_i64');
    return this.popSized(size);
  }

  /** Schoolbook multiplication of 32-bit halves: WebAssembly has no high product. */
  private mulHigh64(x: Val, y: Val): Val {
    const { body } = this;
    const low = (v: Val): void => void this.push(v).i64(0xffffffffn).op('i64.and');
    const high = (v: Val): void => void this.push(v).i64(32n).op('i64.shr_u');
    low(x);
    low(y);
    body.op('i64.mul').i64(32n).op('i64.shr_u');
    high(x);
    low(y);
    body.op('i64.mul', 'i64.add');
    const middle = this.pop('i64');
    low(middle);
    low(x);
    high(y);
    body.op('i64.mul', 'i64.add').i64(32n).op('i64.shr_u');
    high(middle);
    body.op('i64.add');
    high(x);
    high(y);
    body.op('i64.mul', 'i64.add');
    return this.pop('i64');
  }

  /** The unsigned high half, less y where x is negative and x where y is. */
  private mulHighSigned64(x: Val, y: Val): Val {
    const unsigned = this.mulHigh64(x, y);
    this.push(unsigned);
    for (const [sign, other] of [
      [x, y],
      [y, x],
    ] as const) {
      this.push(sign).i64(63n).op('i64.shr_s');
      this.push(other).op('i64.and', 'i64.sub');
    }
    return this.pop('i64');
  }

  and(x: Val, y: Val): Val {
    const result = this.bitwise('and', x, y);
    result.bound = Math.min(x.bound, y.bound);
    return result;
  }

  or(x: Val, y: Val): Val {
    return this.bitwise('or', x, y);
  }

  xor(x: Val, y: Val): Val {
    return this.bitwise('xor', x, y);
  }

  private bitwise(name: 'and' | 'or' | 'xor', x: Val, y: Val): Val {
    const type = this.wider(x, y);
    this.push(x, type);
    this.push(y, type);
    this.op(type, name);
    return this.pop(type);
  }

  not(size: Size, x: Val): Val {
    this.push(x, typeOf(size));
    if (size === 8) this.body.i64(-1n).op('i64.xor');
    else this.body.i32(-1).op('i32.xor');
    return this.popSized(size);
  }

  shl(size: Size, x: Val, n: Val): Val {
    return this.fold(size, x, n, (a, b) => (b >= BigInt(bitsOf(size)) ? 0n : a << b)) ?? this.shift(size, 'shl', x, n);
  }

  shr(size: Size, x: Val, n: Val): Val {
    return this.fold(size, x, n, (a, b) => (b >= 64n ? 0n : a >> b)) ?? this.shift(size, 'shr_u', x, n);
  }

  /** WebAssembly takes a shift's count modulo the width, so a count that may reach the width is compared with it. */
  private shift(size: Size, name: 'shl' | 'shr_u', x: Val, n: Val): Val {
    const type = typeOf(size);
    const width = size === 8 ? 64 : 32;
    if (n.constant !== null && n.constant >= BigInt(width)) return this.constant(size, 0);
    this.push(x, type);
    this.push(n, type);
    this.op(type, name);
    if (n.bound >= width) {
      this.push(this.constant(size, 0));
      this.push(n, 'i32').i32(width).op('i32.lt_u', 'select');
    }
    return this.popSized(size);
  }

  sar(size: Size, x: Val, n: Val): Val {
    const type = typeOf(size);
    const last = size === 8 ? 63 : 31;
    this.pushSigned(size, x);
    if (n.constant !== null) {
      this.push(this.constant(size, Number(n.constant > BigInt(last) ? BigInt(last) : n.constant)));
    } else if (n.bound <= last) {
      this.push(n, type);
    } else {
      this.push(n, type);
      this.push(this.constant(size === 8 ? 8 : 4, last));
      this.push(n, 'i32').i32(last).op('i32.lt_u', 'select');
    }
    this.op(type, 'shr_s');
    return this.popSized(size);
  }

  modulo(n: Val, m: number): Val {
    this.push(n, 'i32').i32(m).op('i32.rem_u');
    const rest = this.pop('i32');
    rest.bound = m - 1;
    return rest;
  }

  signExtend(from: Size, to: Size, x: Val): Val {
    if (from > to) return this.truncate(to, x);
    if (to !== 8) {
      this.pushSigned(from, x);
      return this.popSized(to);
    }
    this.push(x, 'i64');
    if (from === 1) this.body.op('i64.extend8_s');
    if (from === 2) this.body.op('i64.extend16_s');
    if (from === 4) this.body.op('i64.extend32_s');
    return this.pop('i64');
  }

  truncate(to: Size, x: Val): Val {
    this.push(x, typeOf(to));
    return this.popSized(to);
  }

  byteSwap(size: Size, x: Val): Val {
    if (size === 2) {
      this.push(x).i32(8).op('i32.shr_u');
      this.push(x).i32(8).op('i32.shl', 'i32.or');
      return this.popSized(2);
    }
    if (size === 4) return this.swap32(x);
    this.push(this.swap32(this.truncate(4, x)), 'i64')
      .i64(32n)
      .op('i64.shl');
    this.push(x).i64(32n).op('i64.shr_u', 'i32.wrap_i64');
    this.push(this.swap32(this.pop('i32')), 'i64').op('i64.or');
    return this.pop('i64');
  }

  private swap32(x: Val): Val {
    this.push(x).i32(8).op('i32.rotl').i32(0x00ff00ff).op('i32.and');
    this.push(x).i32(24).op('i32.rotl').i32(0xff00ff00).op('i32.and', 'i32.or');
    return this.pop('i32');
  }

  countLeadingZeros(size: Size, x: Val): Val {
    this.push(x, typeOf(size));
    this.op(typeOf(size), 'clz');
    if (size < 4) this.body.i32(32 - bitsOf(size)).op('i32.sub');
    return this.pop(typeOf(size));
  }

  countTrailingZeros(size: Size, x: Val): Val {
    this.push(x, typeOf(size));
    // A bit above the operand makes the count stop at the width.
    if (size < 4) this.body.i32(1 << bitsOf(size)).op('i32.or');
    this.op(typeOf(size), 'ctz');
    return this.pop(typeOf(size));
  }

  populationCount(size: Size, x: Val): Val {
    this.push(x, typeOf(size));
    this.op(typeOf(size), 'popcnt');
    return this.pop(typeOf(size));
  }

  // ── conditions: i32, 0 or 1 ─────────────────────────────────────────────────────────────────────────────────────
  isZero(x: Val): Val {
    this.push(x);
    this.op(x.type, 'eqz');
    return this.pop('i32');
  }

  equal(x: Val, y: Val): Val {
    return this.compare(this.wider(x, y), 'eq', x, y);
  }

  lessUnsigned(size: Size, x: Val, y: Val): Val {
    return this.compare(typeOf(size), 'lt_u', x, y);
  }

  lessSigned(size: Size, x: Val, y: Val): Val {
    this.pushSigned(size, x);
    this.pushSigned(size, y);
    this.op(typeOf(size), 'lt_s');
    return this.pop('i32');
  }

  bit(x: Val, n: Val): Val {
    this.push(x);
    this.push(n, x.type);
    this.op(x.type, 'shr_u');
    if (x.type === 'i64') this.body.op('i32.wrap_i64');
    this.body.i32(1).op('i32.and');
    return this.pop('i32');
  }

  bitAt(x: Val, n: number): Val {
    return this.bit(x, Val.constant('i32', BigInt(n)));
  }

  signBit(size: Size, x: Val): Val {
    return this.bit(x, Val.constant('i32', BigInt(bitsOf(size) - 1)));
  }

  never(): Val {
    return Val.constant('i32', 0n);
  }

  notC(c: Val): Val {
    return c.constant === null ? this.isZero(c) : Val.constant('i32', c.constant ^ 1n);
  }

  andC(x: Val, y: Val): Val {
    return this.bitwise('and', x, y);
  }

  orC(x: Val, y: Val): Val {
    return this.bitwise('or', x, y);
  }

  xorC(x: Val, y: Val): Val {
    return this.bitwise('xor', x, y);
  }

  fromCondition(c: Val): Val {
    return c;
  }

  select(c: Val, whenTrue: Val, whenFalse: Val): Val {
    const type = this.wider(whenTrue, whenFalse);
    this.push(whenTrue, type);
    this.push(whenFalse, type);
    this.push(c).op('select');
    return this.pop(type);
  }
}
