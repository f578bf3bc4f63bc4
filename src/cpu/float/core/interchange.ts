// Single and double precision: loads to the register format, and stores from it.

import { i32, i64 } from '../../translator/wasm/expression.ts';
import type { Expression, Local } from '../../translator/wasm/expression.ts';
import type { Callee } from '../../translator/wasm/code.ts';
import type { Program } from '../../translator/wasm/program.ts';
import { DE, IE } from '../environment.ts';
import { DOUBLE, SINGLE } from '../format.ts';
import type { FloatFormat } from '../format.ts';
import {
  BIAS,
  HAS_RESULT,
  INTEGER_BIT,
  MAX_BIASED,
  QUIET_BIT,
  exponentOf,
  isInfinite,
  isNoNumber,
  raised,
  result,
  signOf,
} from './outcome.ts';
import type { RoundingFunctions } from './rounding.ts';
import type { SpecialFunctions } from './specials.ts';

/** Where the parts of an encoding lie. */
const layoutOf = ({ precision, maxExponent }: FloatFormat) => ({
  fraction: BigInt(precision - 1),
  /** Bits below the fraction in a significand of the register format. */
  spare: BigInt(64 - precision),
  allOnes: 2 * maxExponent + 1,
  bias: maxExponent,
  signShift: precision === 24 ? 31n : 63n,
});

export interface InterchangeFunctions {
  /** (bits) → number in the register format, and DE of a denormal in the place of exceptions. An SNaN stays one. */
  readonly widen: Callee;
  /** (bits, control) → result of FLD: an SNaN raises IE and is made quiet, a denormal raises DE. */
  readonly load: Callee;
  /**
   * (a, control) → raw bits and outcome of FST, rounded by RC. IE of an SNaN or what is unsupported, OE, UE, PE; no result if IE, OE or
   * UE is raised and not masked.
   */
  readonly store: Callee;
}

function defineFormat(
  program: Program,
  format: FloatFormat,
  { deliver }: RoundingFunctions,
  { normalize }: SpecialFunctions,
): InterchangeFunctions {
  const { fraction, spare, allOnes, bias, signShift } = layoutOf(format);

  const widen = program.define(['i64'], ['i64', 'i32'], (code, bits) => {
    const field = code.let(bits.shr(fraction).low32().and(allOnes));
    const sign = code.let(bits.shr(signShift).low32().shl(15));
    const significand = code.let(bits.shl(spare).and(i64(INTEGER_BIT - 1n)));
    code.returnWhen(field.sub(1).lt(allOnes - 1), significand.or(i64(INTEGER_BIT)), sign.or(field.add(BIAS - bias)));
    code.returnWhen(field.ne(0), significand.or(i64(INTEGER_BIT)), sign.or(MAX_BIASED));
    code.returnWhen(significand.isZero(), 0, sign);
    const [normal, exponent] = code.call(normalize, significand, i32(BIAS - bias + 1)) as [Local, Local];
    code.return(normal, sign.or(exponent).or(raised(DE)));
  });

  const load = program.define(['i64', 'i32'], ['i64', 'i32'], (code, bits, control) => {
    const [significand, word] = code.call(widen, bits) as [Local, Local];
    code.if(isNoNumber(significand, word).and(significand.and(i64(QUIET_BIT)).isZero()), () => {
      code.returnWhen(control.and(IE).isZero(), 0, raised(IE));
      code.return(significand.or(i64(QUIET_BIT)), word.or(HAS_RESULT | raised(IE)));
    });
    code.returnWhen(word.and(raised(DE)).ne(0).and(control.and(DE).isZero()), 0, raised(DE));
    code.return(significand, result(word));
  });

  const store = program.define(['i64', 'i32', 'i32'], ['i64', 'i32'], (code, significand, word, control) => {
    const sign = code.let(signOf(word).shr(15).extend().shl(signShift));
    const nan = (content: Expression): Expression => content.or(i64((BigInt(2 * allOnes + 1) << fraction) >> 1n));
    code.if(isNoNumber(significand, word), () => {
      const unsupported = code.let(significand.isNegative().isZero());
      code.if(unsupported.or(significand.and(i64(QUIET_BIT)).isZero()), () => {
        code.returnWhen(control.and(IE).isZero(), 0, raised(IE));
        code.returnWhen(unsupported, nan(i64(1n << signShift)), i32(HAS_RESULT | raised(IE)));
        code.return(nan(sign.or(significand.shl(1).shr(spare + 1n))), i32(HAS_RESULT | raised(IE)));
      });
      code.return(nan(sign.or(significand.shl(1).shr(spare + 1n))), i32(HAS_RESULT));
    });
    code.returnWhen(isInfinite(word), sign.or(i64(BigInt(allOnes) << fraction)), i32(HAS_RESULT));
    code.returnWhen(significand.isZero(), sign, i32(HAS_RESULT));
    const exponent = code.let(exponentOf(word));
    code.if(exponent.isZero().or(significand.isNegative().isZero()), () => {
      const [normal, below] = code.call(normalize, significand, word) as [Local, Local];
      code.set(significand, normal);
      code.set(exponent, below);
    });
    const outcome = code.call(
      deliver,
      signOf(word),
      exponent.sub(BIAS - bias),
      significand,
      i64(0n),
      control,
      i32(format.precision),
      i32(allOnes - 1),
      i32(0),
    ) as [Local, Local];
    const [kept, status] = outcome;
    // the exponent field comes with the integer bit, which has no place in the encoding
    const parts = sign.or(status.and(MAX_BIASED).extend().shl(fraction)).or(kept.shl(1).shr(spare + 1n));
    code.return(parts, status.and(~0xffff));
  });

  return { widen, load, store };
}

export const defineInterchange = (program: Program, rounding: RoundingFunctions, specials: SpecialFunctions) => ({
  single: defineFormat(program, SINGLE, rounding, specials),
  double: defineFormat(program, DOUBLE, rounding, specials),
});
