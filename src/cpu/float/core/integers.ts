// FILD, FIST, FISTTP, FRNDINT: between the register format and integers.

import { i32, i64 } from '../../translator/wasm/expression.ts';
import type { Local } from '../../translator/wasm/expression.ts';
import type { Code } from '../../translator/wasm/code.ts';
import type { Program } from '../../translator/wasm/program.ts';
import { IE, PE, Rounding } from '../environment.ts';
import {
  BIAS,
  HAS_RESULT,
  INTEGER_BIT,
  RC_SHIFT,
  ROUNDED_UP,
  exponentOf,
  isInfinite,
  isNoNumber,
  raised,
  result,
  signOf,
} from './outcome.ts';
import type { RoundingFunctions } from './rounding.ts';
import { denormalStatus, propagateNaNs } from './specials.ts';
import type { SpecialFunctions } from './specials.ts';

/** The exponent at which the last bit of a significand counts as 1. */
const UNIT = BIAS + 63;

export function defineIntegers(program: Program, { shiftRight }: RoundingFunctions, specials: SpecialFunctions) {
  /** (a signed integer) → number. */
  const fromInteger = program.define(['i64'], ['i64', 'i32'], (code, x) => {
    code.returnWhen(x.isZero(), 0, 0);
    const sign = code.let(x.isNegative());
    const magnitude = code.let(sign.choose(i64(0n).sub(x), x));
    const zeros = code.let(magnitude.countLeadingZeros());
    code.return(magnitude.shl(zeros), i32(UNIT).sub(zeros.low32()).or(sign.shl(15)));
  });

  // (sign, exponent below 2^64, significand, control) → magnitude, PE and C1 in the place of exceptions
  const integral = program.define(['i32', 'i32', 'i64', 'i32'], ['i64', 'i32'], (code, sign, exponent, significand, control) => {
    const [magnitude, rest] = code.call(shiftRight, significand, i32(UNIT).sub(exponent)) as [Local, Local];
    code.returnWhen(rest.isZero(), magnitude, 0);
    const mode = code.let(control.shr(RC_SHIFT).and(3));
    const isOdd = magnitude.low32().and(1);
    const toNearest = rest.gt(i64(INTEGER_BIT)).or(rest.eq(i64(INTEGER_BIT)).and(isOdd));
    const directed = sign.ne(0).choose(mode.eq(Rounding.DOWN), mode.eq(Rounding.UP));
    const up = code.let(mode.isZero().choose(toNearest, directed));
    code.return(magnitude.add(up.extend()), i32(raised(PE)).or(up.mul(raised(ROUNDED_UP))));
  });

  const noInteger = (code: Code, control: Local, limit: Local): void => {
    code.returnWhen(control.and(IE).isZero(), 0, raised(IE));
    code.return(i64(0n).sub(limit), i32(HAS_RESULT | raised(IE)));
  };

  /**
   * (a, bits of the integer, control) → integer, sign-extended, by RC. What cannot be represented raises IE and gives the integer
   * indefinite, the most negative one.
   */
  const toInteger = program.define(['i64', 'i32', 'i32', 'i32'], ['i64', 'i32'], (code, a, word, bits, control) => {
    code.returnWhen(a.isZero().and(isNoNumber(a, word).isZero()), 0, i32(HAS_RESULT));
    const limit = code.let(i64(1n).shl(bits.sub(1).extend()));
    const exponent = code.let(exponentOf(word));
    code.if(isNoNumber(a, word).or(exponent.gt(UNIT)), () => noInteger(code, control, limit));
    const [magnitude, status] = code.call(integral, signOf(word), exponent.add(exponent.isZero()), a, control) as [Local, Local];
    const isNegative = code.let(signOf(word).ne(0));
    code.if(magnitude.gt(limit.sub(isNegative.isZero().extend())), () => noInteger(code, control, limit));
    code.return(isNegative.choose(i64(0n).sub(magnitude), magnitude), result(status));
  });

  /** (a, control) → result of FRNDINT. A result of 0 keeps the sign. */
  const roundToInteger = program.define(['i64', 'i32', 'i32'], ['i64', 'i32'], (code, a, word, control) => {
    const x = { significand: a, word };
    propagateNaNs(code, specials, x, x, control);
    const status = denormalStatus(code, control, x);
    const exponent = code.let(exponentOf(word));
    code.returnWhen(a.isZero().or(isInfinite(word)).or(exponent.ge(UNIT)), a, result(word.or(status)));
    const [magnitude, rounded] = code.call(integral, signOf(word), exponent.add(exponent.isZero()), a, control) as [Local, Local];
    const head = code.let(result(signOf(word).or(status).or(rounded)));
    code.returnWhen(magnitude.isZero(), 0, head);
    const zeros = code.let(magnitude.countLeadingZeros());
    code.return(magnitude.shl(zeros), head.or(i32(UNIT).sub(zeros.low32())));
  });

  return { fromInteger, toInteger, roundToInteger };
}
