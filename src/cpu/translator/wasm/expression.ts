// WebAssembly as expressions and statements, for functions that are written by hand: arithmetic with many intermediate values reads
// as the formulas that it is. An expression is emitted where it is used; `Code.let` (code.ts) gives it a local, to be computed once.

import type { FunctionBody } from './function-body.ts';
import type { OpName, ValueType } from './opcodes.ts';

/** Numbers stand for constants of the type that the other operand has. */
export type Term = Expression | number | bigint;

export class Expression {
  constructor(
    readonly type: ValueType,
    readonly emit: (body: FunctionBody) => void,
  ) {}

  private apply(op: string, other: Term, type: ValueType = this.type): Expression {
    const right = termOf(other, this.type);
    return new Expression(type, (body) => {
      this.emit(body);
      right.emit(body);
      body.op(`${this.type}.${op}` as OpName);
    });
  }

  private convert(op: OpName, type: ValueType): Expression {
    return new Expression(type, (body) => {
      this.emit(body);
      body.op(op);
    });
  }

  add(x: Term): Expression {
    return this.apply('add', x);
  }

  sub(x: Term): Expression {
    return this.apply('sub', x);
  }

  mul(x: Term): Expression {
    return this.apply('mul', x);
  }

  /** Of integers: unsigned. */
  div(x: Term): Expression {
    return this.apply(this.type === 'f64' ? 'div' : 'div_u', x);
  }

  min(x: Term): Expression {
    return this.apply('min', x);
  }

  and(x: Term): Expression {
    return this.apply('and', x);
  }

  or(x: Term): Expression {
    return this.apply('or', x);
  }

  xor(x: Term): Expression {
    return this.apply('xor', x);
  }

  /** Shifts take the count modulo the width. */
  shl(n: Term): Expression {
    return this.apply('shl', n);
  }

  shr(n: Term): Expression {
    return this.apply('shr_u', n);
  }

  sar(n: Term): Expression {
    return this.apply('shr_s', n);
  }

  // comparisons, unsigned but for those of signs: 1 or 0, i32
  eq(x: Term): Expression {
    return this.apply('eq', x, 'i32');
  }

  ne(x: Term): Expression {
    return this.apply('ne', x, 'i32');
  }

  lt(x: Term): Expression {
    return this.apply('lt_u', x, 'i32');
  }

  le(x: Term): Expression {
    return this.apply('le_u', x, 'i32');
  }

  gt(x: Term): Expression {
    return this.apply('gt_u', x, 'i32');
  }

  ge(x: Term): Expression {
    return this.apply('ge_u', x, 'i32');
  }

  ltSigned(x: Term): Expression {
    return this.apply('lt_s', x, 'i32');
  }

  gtSigned(x: Term): Expression {
    return this.apply('gt_s', x, 'i32');
  }

  isZero(): Expression {
    return this.convert(this.type === 'i32' ? 'i32.eqz' : 'i64.eqz', 'i32');
  }

  /** The top bit is set. */
  isNegative(): Expression {
    return this.ltSigned(0);
  }

  countLeadingZeros(): Expression {
    return this.convert(this.type === 'i32' ? 'i32.clz' : 'i64.clz', this.type);
  }

  low32(): Expression {
    return this.convert('i32.wrap_i64', 'i32');
  }

  extend(): Expression {
    return this.convert('i64.extend_i32_u', 'i64');
  }

  extendSigned(): Expression {
    return this.convert('i64.extend_i32_s', 'i64');
  }

  sqrt(): Expression {
    return this.convert('f64.sqrt', 'f64');
  }

  toDouble(): Expression {
    return this.convert('f64.convert_i64_u', 'f64');
  }

  signedToDouble(): Expression {
    return this.convert('f64.convert_i64_s', 'f64');
  }

  /** Of a double: traps beyond the range. */
  truncate(): Expression {
    return this.convert('i64.trunc_f64_u', 'i64');
  }

  truncateSigned(): Expression {
    return this.convert('i64.trunc_f64_s', 'i64');
  }

  /** This as a condition: `x` if it is not 0, or else `y`; both are evaluated. */
  choose(x: Expression, y: Term): Expression {
    const otherwise = termOf(y, x.type);
    return new Expression(x.type, (body) => {
      x.emit(body);
      otherwise.emit(body);
      this.emit(body);
      body.op('select');
    });
  }
}

export const i32 = (n: number): Expression => new Expression('i32', (body) => void body.i32(n | 0));
export const i64 = (n: bigint): Expression => new Expression('i64', (body) => void body.i64(n));
const bitsOf = (x: number): bigint => new BigUint64Array(Float64Array.of(x).buffer)[0]!;
export const f64 = (x: number): Expression => new Expression('f64', (body) => void body.i64(bitsOf(x)).op('f64.reinterpret_i64'));

/** A constant of `type` where `x` is a number. */
export function termOf(x: Term, type: ValueType): Expression {
  if (x instanceof Expression) return x;
  return type === 'i32' ? i32(Number(x)) : type === 'i64' ? i64(BigInt(x)) : f64(Number(x));
}

export class Local extends Expression {
  constructor(
    type: ValueType,
    readonly index: number,
  ) {
    super(type, (body) => void body.get(index));
  }
}
