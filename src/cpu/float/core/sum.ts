// FADD and FSUB.

import { i32, i64 } from '../../translator/wasm/expression.ts';
import type { Expression, Local } from '../../translator/wasm/expression.ts';
import type { Callee } from '../../translator/wasm/code.ts';
import type { Program } from '../../translator/wasm/program.ts';
import { Rounding } from '../environment.ts';
import { INTEGER_BIT, RC_SHIFT, SIGN, exponentOf, isInfinite, isNoNumber, isNormal, result, signOf } from './outcome.ts';
import type { RoundingFunctions } from './rounding.ts';
import { denormalStatus, propagateNaNs } from './specials.ts';
import type { SpecialFunctions } from './specials.ts';

/** The sign of a sum of exactly 0 whose operands have unlike signs. */
const signOfZeroSum = (control: Expression): Expression => control.shr(RC_SHIFT).and(3).eq(Rounding.DOWN).shl(15);

/** (a, b, control) → result. */
export function defineSum(program: Program, { shiftRight, toRegister }: RoundingFunctions, specials: SpecialFunctions) {
  // (sign, exponent, significand of the larger exponent; distance, significand and sign of the other; control)
  const ordered = program.define(
    ['i32', 'i32', 'i64', 'i32', 'i64', 'i32', 'i32'],
    ['i64', 'i32'],
    (code, sign, exponent, large, distance, small, smallSign, control) => {
      const [smallHigh, smallLow] = code.call(shiftRight, small, distance) as [Local, Local];
      const high = code.let(large.add(smallHigh));
      const low = code.let(smallLow);
      code.if(sign.eq(smallSign), () => {
        code.if(high.lt(large), () => {
          code.set(low, low.shr(1).or(low.and(1)).or(high.shl(63)));
          code.set(high, high.shr(1).or(i64(INTEGER_BIT)));
          code.set(exponent, exponent.add(1));
        });
        code.returnCall(toRegister, sign, exponent, high, low, control);
      });
      code.set(low, i64(0n).sub(smallLow));
      code.set(high, large.sub(smallHigh).sub(low.ne(0).extend()));
      code.if(large.lt(smallHigh), () => {
        // only at equal exponents, where nothing is below
        code.set(high, i64(0n).sub(high));
        code.set(sign, smallSign);
      });
      code.if(high.isZero(), () => {
        code.returnWhen(low.isZero(), 0, result(signOfZeroSum(control)));
        code.set(high, low);
        code.set(low, 0);
        code.set(exponent, exponent.sub(64));
      });
      const zeros = code.let(high.countLeadingZeros());
      code.if(zeros.ne(0), () => {
        code.set(high, high.shl(zeros).or(low.shr(i64(64n).sub(zeros))));
        code.set(low, low.shl(zeros));
        code.set(exponent, exponent.sub(zeros.low32()));
      });
      code.returnCall(toRegister, sign, exponent, high, low, control);
    },
  );

  // (sign, exponent, significand of both; control)
  const finite = program.define(
    ['i32', 'i32', 'i64', 'i32', 'i32', 'i64', 'i32'],
    ['i64', 'i32'],
    (code, aSign, aExponent, a, bSign, bExponent, b, control) => {
      const distance = code.let(aExponent.sub(bExponent));
      code.if(distance.isNegative(), () => code.returnCall(ordered, bSign, bExponent, b, i32(0).sub(distance), a, aSign, control));
      code.returnCall(ordered, aSign, aExponent, a, distance, b, bSign, control);
    },
  );

  const add = program.define(['i64', 'i32', 'i64', 'i32', 'i32'], ['i64', 'i32'], (code, a, aWord, b, bWord, control) => {
    code.if(isNormal(a, aWord).and(isNormal(b, bWord)), () =>
      code.returnCall(finite, signOf(aWord), exponentOf(aWord), a, signOf(bWord), exponentOf(bWord), b, control),
    );
    const x = { significand: a, word: aWord };
    const y = { significand: b, word: bWord };
    propagateNaNs(code, specials, x, y, control);
    const aInfinite = code.let(isInfinite(aWord));
    const bInfinite = code.let(isInfinite(bWord));
    const unlike = code.let(signOf(aWord).ne(signOf(bWord)));
    code.if(aInfinite.and(bInfinite).and(unlike), () => code.returnCall(specials.invalid, control));
    const status = denormalStatus(code, control, x, y);
    code.returnWhen(aInfinite, a, result(aWord.or(status)));
    code.returnWhen(bInfinite, b, result(bWord.or(status)));
    code.if(a.or(b).isZero(), () => code.return(0, result(unlike.choose(signOfZeroSum(control), signOf(aWord)))));
    const [aNormal, aExponent] = code.call(specials.normalize, a, aWord) as [Local, Local];
    const [bNormal, bExponent] = code.call(specials.normalize, b, bWord) as [Local, Local];
    const done = (callee: Callee, ...values: readonly Expression[]): void => {
      const [significand, outcome] = code.call(callee, ...values) as [Local, Local];
      code.return(significand, outcome.or(status));
    };
    code.if(a.isZero(), () => done(toRegister, signOf(bWord), bExponent, bNormal, i64(0n), control));
    code.if(b.isZero(), () => done(toRegister, signOf(aWord), aExponent, aNormal, i64(0n), control));
    done(finite, signOf(aWord), aExponent, aNormal, signOf(bWord), bExponent, bNormal, control);
  });

  /** A NaN keeps its sign. */
  const sub = program.define(['i64', 'i32', 'i64', 'i32', 'i32'], ['i64', 'i32'], (code, a, aWord, b, bWord, control) => {
    code.if(isNoNumber(b, bWord), () => code.returnCall(add, a, aWord, b, bWord, control));
    code.returnCall(add, a, aWord, b, bWord.xor(SIGN), control);
  });

  return { add, sub };
}
