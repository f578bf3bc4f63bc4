// FMUL and FDIV.

import { i32, i64 } from '../../translator/wasm/expression.ts';
import type { Expression, Local } from '../../translator/wasm/expression.ts';
import type { Code } from '../../translator/wasm/code.ts';
import type { Program } from '../../translator/wasm/program.ts';
import { ZE } from '../environment.ts';
import { BIAS, HAS_RESULT, INTEGER_BIT, MAX_BIASED, exponentOf, isInfinite, isNormal, raised, result, signOf } from './outcome.ts';
import type { RoundingFunctions } from './rounding.ts';
import { denormalStatus, propagateNaNs } from './specials.ts';
import type { SpecialFunctions } from './specials.ts';

/** a * b, 128 bits, as the high word and the low one. */
export function definePairs(program: Program) {
  const multiply = program.define(['i64', 'i64'], ['i64', 'i64'], (code, a, b) => {
    const [aLow, aHigh] = [code.let(a.and(0xffffffff)), code.let(a.shr(32))];
    const [bLow, bHigh] = [code.let(b.and(0xffffffff)), code.let(b.shr(32))];
    const low = code.let(aLow.mul(bLow));
    const first = code.let(aHigh.mul(bLow).add(low.shr(32)));
    const second = code.let(aLow.mul(bHigh).add(first.and(0xffffffff)));
    code.return(aHigh.mul(bHigh).add(first.shr(32)).add(second.shr(32)), second.shl(32).or(low.and(0xffffffff)));
  });

  /**
   * high:low / divisor → quotient, remainder. The divisor has its top bit set and is above `high`. Two digits of 32 bits, each
   * estimated from the upper half of the divisor and at most 2 too large (Knuth, The Art of Computer Programming, vol. 2, 4.3.1).
   */
  const divide = program.define(['i64', 'i64', 'i64'], ['i64', 'i64'], (code, high, low, divisor) => {
    const upper = code.let(divisor.shr(32));
    const lower = code.let(divisor.and(0xffffffff));
    const digit = (top: Local, next: Expression): readonly [Local, Local] => {
      const q = code.let(top.div(upper));
      const rest = code.let(top.sub(q.mul(upper)));
      const following = code.let(next);
      for (let correction = 0; correction < 2; correction++) {
        code.if(rest.lt(0x1_0000_0000).and(q.ge(0x1_0000_0000).or(q.mul(lower).gt(rest.shl(32).or(following)))), () => {
          code.set(q, q.sub(1));
          code.set(rest, rest.add(upper));
        });
      }
      return [q, code.let(top.shl(32).or(following).sub(q.mul(divisor)))];
    };
    const [first, middle] = digit(high, low.shr(32));
    const [second, rest] = digit(middle, low.and(0xffffffff));
    code.return(first.shl(32).or(second), rest);
  });
  return { multiply, divide };
}

export type PairFunctions = ReturnType<typeof definePairs>;

/** (a, b, control) → result. */
export function defineProducts(
  program: Program,
  { multiply, divide }: PairFunctions,
  { toRegister }: RoundingFunctions,
  specials: SpecialFunctions,
) {
  // (sign, exponent, significand, exponent, significand, control)
  const product = program.define(
    ['i32', 'i32', 'i64', 'i32', 'i64', 'i32'],
    ['i64', 'i32'],
    (code, sign, aExponent, a, bExponent, b, control) => {
      const [high, low] = code.call(multiply, a, b) as [Local, Local];
      const exponent = code.let(aExponent.add(bExponent).sub(BIAS - 1));
      code.if(high.isNegative().isZero(), () => {
        code.set(high, high.shl(1).or(low.shr(63)));
        code.set(low, low.shl(1));
        code.set(exponent, exponent.sub(1));
      });
      code.returnCall(toRegister, sign, exponent, high, low, control);
    },
  );

  const quotient = program.define(
    ['i32', 'i32', 'i64', 'i32', 'i64', 'i32'],
    ['i64', 'i32'],
    (code, sign, aExponent, a, bExponent, b, control) => {
      const below = code.let(a.lt(b));
      const exponent = aExponent.sub(bExponent).add(i32(BIAS)).sub(below);
      const [q, rest] = code.call(divide, below.choose(a, a.shr(1)), below.choose(i64(0n), a.shl(63)), b) as [Local, Local];
      // half a unit against the rest, without twice the rest, which may have 65 bits
      const other = code.let(b.sub(rest));
      const beyond = rest.gt(other).choose(i64(3n << 62n), rest.eq(other).choose(i64(1n << 63n), i64(1n)));
      code.returnCall(toRegister, sign, exponent, q, rest.isZero().choose(i64(0n), beyond), control);
    },
  );

  const signOfProduct = (aWord: Local, bWord: Local): Expression => signOf(aWord.xor(bWord));
  const straight = (code: Code, callee: typeof product, a: Local, aWord: Local, b: Local, bWord: Local, control: Local): void =>
    code.if(isNormal(a, aWord).and(isNormal(b, bWord)), () =>
      code.returnCall(callee, signOfProduct(aWord, bWord), exponentOf(aWord), a, exponentOf(bWord), b, control),
    );
  const normalized = (
    code: Code,
    callee: typeof product,
    [a, aWord, b, bWord, control]: readonly [Local, Local, Local, Local, Local],
    status: Local,
  ): void => {
    const [aNormal, aExponent] = code.call(specials.normalize, a, aWord) as [Local, Local];
    const [bNormal, bExponent] = code.call(specials.normalize, b, bWord) as [Local, Local];
    const sign = signOfProduct(aWord, bWord);
    const [significand, outcome] = code.call(callee, sign, aExponent, aNormal, bExponent, bNormal, control) as [Local, Local];
    code.return(significand, outcome.or(status));
  };

  const mul = program.define(['i64', 'i32', 'i64', 'i32', 'i32'], ['i64', 'i32'], (code, a, aWord, b, bWord, control) => {
    straight(code, product, a, aWord, b, bWord, control);
    const x = { significand: a, word: aWord };
    const y = { significand: b, word: bWord };
    propagateNaNs(code, specials, x, y, control);
    const infinite = code.let(isInfinite(aWord).or(isInfinite(bWord)));
    const hasZero = code.let(a.isZero().or(b.isZero()));
    code.if(infinite.and(hasZero), () => code.returnCall(specials.invalid, control));
    const status = denormalStatus(code, control, x, y);
    const sign = signOfProduct(aWord, bWord);
    code.returnWhen(infinite, i64(INTEGER_BIT), result(sign.or(MAX_BIASED).or(status)));
    code.returnWhen(hasZero, 0, result(sign.or(status)));
    normalized(code, product, [a, aWord, b, bWord, control], status);
  });

  const div = program.define(['i64', 'i32', 'i64', 'i32', 'i32'], ['i64', 'i32'], (code, a, aWord, b, bWord, control) => {
    straight(code, quotient, a, aWord, b, bWord, control);
    const x = { significand: a, word: aWord };
    const y = { significand: b, word: bWord };
    propagateNaNs(code, specials, x, y, control);
    const aInfinite = code.let(isInfinite(aWord));
    const bInfinite = code.let(isInfinite(bWord));
    code.if(aInfinite.and(bInfinite).or(a.or(b).isZero()), () => code.returnCall(specials.invalid, control));
    const sign = code.let(signOfProduct(aWord, bWord));
    code.if(b.isZero().and(aInfinite.isZero()), () => {
      code.returnWhen(control.and(ZE).isZero(), 0, raised(ZE));
      code.return(i64(INTEGER_BIT), sign.or(HAS_RESULT | raised(ZE) | MAX_BIASED));
    });
    const status = denormalStatus(code, control, x, y);
    code.returnWhen(aInfinite, i64(INTEGER_BIT), result(sign.or(MAX_BIASED).or(status)));
    code.returnWhen(a.isZero().or(bInfinite), 0, result(sign.or(status)));
    normalized(code, quotient, [a, aWord, b, bWord, control], status);
  });

  return { mul, div };
}
