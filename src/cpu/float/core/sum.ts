// FADD and FSUB.

import { i32, i64 } from '../../translator/wasm/expression.ts';
import type { Expression, Local } from '../../translator/wasm/expression.ts';
import type { Code } from '../../translator/wasm/code.ts';
import type { Program } from '../../translator/wasm/program.ts';
import { Rounding } from '../environment.ts';
import { RC_SHIFT, SIGN, isInfinite, isNoNumber, isNormal, result, signOf } from './outcome.ts';
import { returnRegister } from './rounding.ts';
import type { RoundingFunctions } from './rounding.ts';
import { denormalStatus, normalizeParts, partsOf, propagateNaNs } from './specials.ts';
import type { Operand, Parts, SpecialFunctions } from './specials.ts';

/** The sign of a sum of exactly 0 whose operands have unlike signs. */
const signOfZeroSum = (control: Expression): Expression => control.shr(RC_SHIFT).and(3).eq(Rounding.DOWN).shl(15);

/** (a, b, control) → result. */
export function defineSum(program: Program, rounding: RoundingFunctions, specials: SpecialFunctions) {
  /** The sum of two numbers that are not 0. */
  function finite(
    code: Code,
    [aSign, a]: readonly [Local, Parts],
    [bSign, b]: readonly [Local, Parts],
    control: Local,
    status: Local,
  ): void {
    const swap = code.let(a.exponent.ltSigned(b.exponent));
    const sign = code.let(swap.choose(bSign, aSign));
    const exponent = code.let(swap.choose(b.exponent, a.exponent));
    const large = code.let(swap.choose(b.significand, a.significand));
    const small = code.let(swap.choose(a.significand, b.significand));
    const distance = code.let(exponent.sub(swap.choose(a.exponent, b.exponent)));
    const by = code.let(distance.extend());
    const smallHigh = code.let(small.shr(by));
    const smallLow = code.let(small.shl(1).shl(i64(63n).sub(by)));
    code.if(distance.gt(63), () => {
      const [high, low] = code.call(rounding.shiftRight, small, distance) as [Local, Local];
      code.set(smallHigh, high);
      code.set(smallLow, low);
    });
    const high = code.let(large.add(smallHigh));
    const low = code.let(smallLow);
    code.if(
      aSign.eq(bSign),
      () => {
        const carry = code.let(high.lt(large).extend());
        code.set(low, carry.low32().choose(low.shr(1).or(low.and(1)).or(high.shl(63)), low));
        code.set(high, high.shr(carry).or(carry.shl(63)));
        code.set(exponent, exponent.add(carry.low32()));
      },
      () => difference(code, { sign, exponent, high, low, large, smallHigh, smallLow }, bSign.xor(aSign), control, status),
    );
    returnRegister(code, rounding, [sign, exponent, high, low, control], status);
  }

  interface Difference {
    readonly sign: Local;
    readonly exponent: Local;
    readonly high: Local;
    readonly low: Local;
    readonly large: Local;
    readonly smallHigh: Local;
    readonly smallLow: Local;
  }

  /** Sets high:low, sign and exponent to those of large - small, normalized. */
  function difference(
    code: Code,
    { sign, exponent, high, low, large, smallHigh, smallLow }: Difference,
    other: Expression,
    control: Local,
    status: Local,
  ): void {
    code.set(low, i64(0n).sub(smallLow));
    code.set(high, large.sub(smallHigh).sub(low.ne(0).extend()));
    code.if(large.lt(smallHigh), () => {
      // only at equal exponents, where nothing is below
      code.set(high, i64(0n).sub(high));
      code.set(sign, sign.xor(other));
    });
    code.if(high.isZero(), () => {
      code.returnWhen(low.isZero(), 0, result(signOfZeroSum(control).or(status)));
      code.set(high, low);
      code.set(low, 0);
      code.set(exponent, exponent.sub(64));
    });
    const zeros = code.let(high.countLeadingZeros());
    code.set(high, high.shl(zeros).or(low.shr(1).shr(i64(63n).sub(zeros))));
    code.set(low, low.shl(zeros));
    code.set(exponent, exponent.sub(zeros.low32()));
  }

  /** Leaves with the result unless both are finite and not 0; then their parts are normalized, and `status` has DE. */
  function special(code: Code, [x, a]: readonly [Operand, Parts], [y, b]: readonly [Operand, Parts], control: Local, status: Local): void {
    propagateNaNs(code, specials, x, y, control);
    const aInfinite = code.let(isInfinite(x.word));
    const bInfinite = code.let(isInfinite(y.word));
    const unlike = code.let(signOf(x.word).ne(signOf(y.word)));
    code.if(aInfinite.and(bInfinite).and(unlike), () => code.returnCall(specials.invalid, control));
    code.set(status, denormalStatus(code, control, x, y));
    code.returnWhen(aInfinite, x.significand, result(x.word.or(status)));
    code.returnWhen(bInfinite, y.significand, result(y.word.or(status)));
    const bothZero = x.significand.or(y.significand).isZero();
    code.returnWhen(bothZero, 0, result(unlike.choose(signOfZeroSum(control), signOf(x.word))));
    normalizeParts(code, specials, x, a);
    normalizeParts(code, specials, y, b);
    const alone = ({ word }: Operand, { significand, exponent }: Parts): void => {
      const zero = code.let(i64(0n));
      const values = [signOf(word), exponent, significand, zero, control] as const;
      returnRegister(code, rounding, values, status);
    };
    code.if(x.significand.isZero(), () => alone(y, b));
    code.if(y.significand.isZero(), () => alone(x, a));
  }

  const add = program.define(['i64', 'i32', 'i64', 'i32', 'i32'], ['i64', 'i32'], (code, aBits, aWord, bBits, bWord, control) => {
    const x = { significand: aBits, word: aWord };
    const y = { significand: bBits, word: bWord };
    const a = partsOf(code, x);
    const b = partsOf(code, y);
    const status = code.let(i32(0));
    code.if(isNormal(aBits, aWord).and(isNormal(bBits, bWord)).isZero(), () => special(code, [x, a], [y, b], control, status));
    finite(code, [code.let(signOf(aWord)), a], [code.let(signOf(bWord)), b], control, status);
  });

  /** A NaN keeps its sign. */
  const sub = program.define(['i64', 'i32', 'i64', 'i32', 'i32'], ['i64', 'i32'], (code, a, aWord, b, bWord, control) => {
    code.returnCall(add, a, aWord, b, isNoNumber(b, bWord).choose(bWord, bWord.xor(SIGN)), control);
  });

  return { add, sub };
}
