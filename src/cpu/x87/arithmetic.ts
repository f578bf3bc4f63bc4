// Addition to division in all their forms, and the operations on ST(0) and ST(1).

import { OperandKind } from '../builder/insn.ts';
import { abs, add, chs, div, extract, mul, remainder, roundToInteger, scale, sqrt, sub } from '../float/index.ts';
import type { FloatEnvironment, Remainder } from '../float/index.ts';
import type { X87Operation } from './operation.ts';
import { integerSource, isNaN80, realSource, withSource } from './sources.ts';
import type { Source } from './sources.ts';
import { Status } from '../arch/x87-status.ts';

type Binary = (env: FloatEnvironment, a: bigint, b: bigint) => bigint | null;
const reversed =
  (operation: Binary): Binary =>
  (env, a, b) =>
    operation(env, b, a);
const subR = reversed(sub);
const divR = reversed(div);

type FindSource = (...args: Parameters<typeof realSource>) => Source;

/** dst = dst op src. After an exception that is not masked nothing is written or popped. */
const binary =
  (operation: Binary, find: FindSource, pops: boolean): X87Operation =>
  ({ x87 }, i, x) => {
    const { env } = x87;
    const to = i.dst.reg;
    const empty = x87.isEmpty(to) || (i.src.kind === OperandKind.ST && x87.isEmpty(i.src.reg));
    const compute = (): bigint | null => {
      const source = find(x87, i, x);
      return withSource(env, source, isNaN80, () => operation(env, x87.read(to), source.bits));
    };
    const result = empty ? x87.stackFault('underflow') : compute();
    if (result === null) return;
    x87.write(to, result);
    if (pops) x87.pop();
  };

const real = (operation: Binary): X87Operation => binary(operation, realSource, false);
const popping = (operation: Binary): X87Operation => binary(operation, realSource, true);
const integer = (operation: Binary): X87Operation => binary(operation, integerSource, false);

/** ST(0) = op ST(0). */
export const unary =
  (operation: (env: FloatEnvironment, a: bigint) => bigint | null): X87Operation =>
  ({ x87 }) => {
    const result = x87.isEmpty(0) ? x87.stackFault('underflow') : operation(x87.env, x87.read(0));
    if (result !== null) x87.write(0, result);
  };

/** C0, C3, C1 are bits 2, 1, 0 of the quotient; C2 says that the reduction is not complete. Without a number C0 and C3 stay. */
const partialRemainder =
  (nearest: boolean): X87Operation =>
  ({ x87 }) => {
    const { env } = x87;
    x87.status &= ~Status.C2;
    if (x87.isEmpty(0) || x87.isEmpty(1)) {
      const response = x87.stackFault('underflow');
      if (response !== null) x87.write(0, response);
      return;
    }
    const result: Remainder | null = remainder(env, x87.read(0), x87.read(1), { nearest });
    if (result === null) return;
    const { value, quotient, partial } = result;
    x87.write(0, value);
    if (isNaN80(value)) return;
    x87.conditions = (quotient & 4 ? Status.C0 : 0) | (quotient & 2 ? Status.C3 : 0) | (partial ? Status.C2 : 0);
    env.roundedUp = (quotient & 1) !== 0;
  };

const scaled: X87Operation = ({ x87 }) => {
  const empty = x87.isEmpty(0) || x87.isEmpty(1);
  const result = empty ? x87.stackFault('underflow') : scale(x87.env, x87.read(0), x87.read(1));
  if (result !== null) x87.write(0, result);
};

/** ST(0) becomes the exponent, and the significand is pushed. */
const extracted: X87Operation = ({ x87 }) => {
  if (x87.isEmpty(0) || !x87.isEmpty(-1)) {
    const response = x87.stackFault(x87.isEmpty(0) ? 'underflow' : 'overflow');
    if (response === null) return;
    x87.write(0, response);
    x87.push(response);
    return;
  }
  const parts = extract(x87.env, x87.read(0));
  if (parts === null) return;
  x87.write(0, parts.exponent);
  x87.push(parts.significand);
};

// biome-ignore format: a table
export const ARITHMETIC = {
  fadd: real(add), faddp: popping(add), fiadd: integer(add),
  fsub: real(sub), fsubp: popping(sub), fisub: integer(sub),
  fsubr: real(subR), fsubrp: popping(subR), fisubr: integer(subR),
  fmul: real(mul), fmulp: popping(mul), fimul: integer(mul),
  fdiv: real(div), fdivp: popping(div), fidiv: integer(div),
  fdivr: real(divR), fdivrp: popping(divR), fidivr: integer(divR),
  fchs: unary((_env, a) => chs(a)), fabs: unary((_env, a) => abs(a)), fsqrt: unary(sqrt), frndint: unary(roundToInteger),
  fprem: partialRemainder(false), fprem1: partialRemainder(true), fscale: scaled, fxtract: extracted,
} satisfies Record<string, X87Operation>;
