// FSQRT.

import { f64, i32, i64 } from '../../translator/wasm/expression.ts';
import type { Expression, Local } from '../../translator/wasm/expression.ts';
import type { Code } from '../../translator/wasm/code.ts';
import type { Program } from '../../translator/wasm/program.ts';
import { BIAS, exponentOf, isInfinite, isNormal, result, signOf } from './outcome.ts';
import { multiply } from './product.ts';
import type { RoundingFunctions } from './rounding.ts';
import { denormalStatus, propagateNaNs } from './specials.ts';
import type { SpecialFunctions } from './specials.ts';

/** The largest double below 2^64. */
const MOST = 2 ** 64 - 2 ** 11;

/** (a, control) → result; of -0 it is -0. */
export function defineRoot(program: Program, { toRegister }: RoundingFunctions, specials: SpecialFunctions) {
  // (exponent, significand, control)
  const root = program.define(['i32', 'i64', 'i32'], ['i64', 'i32'], (code, exponent, significand, control) => {
    // the radicand, of 127 or 128 bits, has the root's 64 bits before the point
    const unbiased = code.let(exponent.sub(BIAS));
    const isOdd = code.let(unbiased.and(1));
    const high = code.let(isOdd.choose(significand, significand.shr(1)));
    const low = code.let(isOdd.choose(i64(0n), significand.shl(63)));
    // a root of 52 bits by doubles, then one step of Newton's from the exact remainder; it may still be off by one
    const r = code.let(
      high
        .toDouble()
        .sqrt()
        .mul(f64(2 ** 32))
        .min(f64(MOST))
        .truncate(),
    );
    const [squareHigh, squareLow] = multiply(code, r, r);
    const restHigh = code.let(difference(high, low, squareHigh, squareLow));
    const restLow = code.let(low.sub(squareLow));
    const rest = restHigh
      .signedToDouble()
      .mul(f64(2 ** 64))
      .add(restLow.toDouble());
    code.set(r, r.add(rest.div(r.toDouble().mul(f64(2))).truncateSigned()));
    remainder(code, r, high, low, restHigh, restLow);
    code.if(restHigh.isNegative(), () => {
      code.set(r, r.sub(1));
      remainder(code, r, high, low, restHigh, restLow);
    });
    // more than twice the root is left
    code.if(
      restHigh.gtSigned(1).or(
        restHigh.eq(1).and(
          r
            .isNegative()
            .isZero()
            .or(restLow.gt(r.shl(1))),
        ),
      ),
      () => {
        code.set(r, r.add(1));
        remainder(code, r, high, low, restHigh, restLow);
      },
    );
    const isAbove = restHigh.ne(0).or(restLow.gt(r));
    const beyond = restHigh
      .or(restLow)
      .isZero()
      .choose(i64(0n), isAbove.choose(i64(3n << 62n), i64(1n)));
    code.returnCall(toRegister, i32(0), unbiased.sar(1).add(BIAS), r, beyond, control);
  });

  /** High word of high:low - (x:y). */
  function difference(high: Local, low: Local, x: Local, y: Local): Expression {
    return high.sub(x).sub(low.lt(y).extend());
  }

  /** restHigh:restLow = high:low - r * r. */
  function remainder(code: Code, r: Local, high: Local, low: Local, restHigh: Local, restLow: Local): void {
    const [squareHigh, squareLow] = multiply(code, r, r);
    code.set(restHigh, difference(high, low, squareHigh, squareLow));
    code.set(restLow, low.sub(squareLow));
  }

  const sqrt = program.define(['i64', 'i32', 'i32'], ['i64', 'i32'], (code, a, word, control) => {
    code.if(isNormal(a, word).and(signOf(word).isZero()), () => code.returnCall(root, exponentOf(word), a, control));
    const x = { significand: a, word };
    propagateNaNs(code, specials, x, x, control);
    code.if(signOf(word).ne(0).and(a.ne(0)), () => code.returnCall(specials.invalid, control));
    const status = denormalStatus(code, control, x);
    code.returnWhen(a.isZero().or(isInfinite(word)), a, result(word.or(status)));
    const [normal, exponent] = code.call(specials.normalize, a, word) as [Local, Local];
    const [significand, outcome] = code.call(root, exponent, normal, control) as [Local, Local];
    code.return(significand, outcome.or(status));
  });
  return { sqrt };
}
