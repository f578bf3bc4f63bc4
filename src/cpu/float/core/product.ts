// FMUL and FDIV.

import { i32, i64 } from '../../translator/wasm/expression.ts';
import type { Expression, Local } from '../../translator/wasm/expression.ts';
import type { Callee, Code } from '../../translator/wasm/code.ts';
import type { Program } from '../../translator/wasm/program.ts';
import { ZE } from '../environment.ts';
import { BIAS, HAS_RESULT, INTEGER_BIT, MAX_BIASED, isInfinite, isNormal, raised, result, signOf } from './outcome.ts';
import { returnRegister } from './rounding.ts';
import type { RoundingFunctions } from './rounding.ts';
import { denormalStatus, normalizeParts, partsOf, propagateNaNs } from './specials.ts';
import type { Operand, Parts, SpecialFunctions } from './specials.ts';

/** a * b, 128 bits: the high word and the low one. */
export function multiply(code: Code, a: Expression, b: Expression): readonly [Local, Local] {
  const [aLow, aHigh] = [code.let(a.and(0xffffffff)), code.let(a.shr(32))];
  const [bLow, bHigh] = [code.let(b.and(0xffffffff)), code.let(b.shr(32))];
  const low = code.let(aLow.mul(bLow));
  const first = code.let(aHigh.mul(bLow).add(low.shr(32)));
  const second = code.let(aLow.mul(bHigh).add(first.and(0xffffffff)));
  const high = code.let(aHigh.mul(bHigh).add(first.shr(32)).add(second.shr(32)));
  return [high, code.let(second.shl(32).or(low.and(0xffffffff)))];
}

/**
 * high:low / divisor → quotient, remainder. The divisor has its top bit set and is above `high`. Two digits of 32 bits, each
 * estimated from the upper half of the divisor and at most 2 too large (Knuth, The Art of Computer Programming, vol. 2, 4.3.1).
 */
const defineDivide = (program: Program): Callee =>
  program.define(['i64', 'i64', 'i64'], ['i64', 'i64'], (code, high, low, divisor) => {
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

interface Operation {
  readonly code: Code;
  readonly sign: Local;
  readonly a: Parts;
  readonly b: Parts;
  readonly control: Local;
  readonly status: Local;
}

/** (a, b, control) → result. */
export function defineProducts(program: Program, rounding: RoundingFunctions, specials: SpecialFunctions) {
  const divide = defineDivide(program);

  function product({ code, sign, a, b, control, status }: Operation): void {
    const [high, low] = multiply(code, a.significand, b.significand);
    const exponent = code.let(a.exponent.add(b.exponent).sub(BIAS - 1));
    const short = code.let(high.isNegative().isZero().extend());
    code.set(high, high.shl(short).or(low.shr(63).and(i64(0n).sub(short))));
    code.set(low, low.shl(short));
    code.set(exponent, exponent.sub(short.low32()));
    returnRegister(code, rounding, [sign, exponent, high, low, control], status);
  }

  function quotient({ code, sign, a, b, control, status }: Operation): void {
    const divisor = b.significand;
    const below = code.let(a.significand.lt(divisor));
    const exponent = code.let(a.exponent.sub(b.exponent).add(BIAS).sub(below));
    const high = below.choose(a.significand, a.significand.shr(1));
    const low = below.choose(i64(0n), a.significand.shl(63));
    const [q, rest] = code.call(divide, high, low, divisor) as [Local, Local];
    // half a unit against the rest, without twice the rest, which may have 65 bits
    const other = code.let(divisor.sub(rest));
    const beyond = rest.gt(other).choose(i64(3n << 62n), rest.eq(other).choose(i64(1n << 63n), i64(1n)));
    const after = code.let(rest.isZero().choose(i64(0n), beyond));
    returnRegister(code, rounding, [sign, exponent, q, after, control], status);
  }

  type Special = (code: Code, x: Operand, y: Operand, sign: Local, control: Local, status: Local) => void;

  /** `special` leaves with the result unless both operands are finite and not 0. */
  const operation = (special: Special, finite: (operation: Operation) => void): Callee =>
    program.define(['i64', 'i32', 'i64', 'i32', 'i32'], ['i64', 'i32'], (code, aBits, aWord, bBits, bWord, control) => {
      const x = { significand: aBits, word: aWord };
      const y = { significand: bBits, word: bWord };
      const a = partsOf(code, x);
      const b = partsOf(code, y);
      const status = code.let(i32(0));
      const sign = code.let(signOf(aWord.xor(bWord)));
      code.if(isNormal(aBits, aWord).and(isNormal(bBits, bWord)).isZero(), () => {
        propagateNaNs(code, specials, x, y, control);
        special(code, x, y, sign, control, status);
        normalizeParts(code, specials, x, a);
        normalizeParts(code, specials, y, b);
      });
      finite({ code, sign, a, b, control, status });
    });

  const mul = operation((code, x, y, sign, control, status) => {
    const infinite = code.let(isInfinite(x.word).or(isInfinite(y.word)));
    const hasZero = code.let(x.significand.isZero().or(y.significand.isZero()));
    code.if(infinite.and(hasZero), () => code.returnCall(specials.invalid, control));
    code.set(status, denormalStatus(code, control, x, y));
    code.returnWhen(infinite, i64(INTEGER_BIT), result(sign.or(MAX_BIASED).or(status)));
    code.returnWhen(hasZero, 0, result(sign.or(status)));
  }, product);

  const div = operation((code, x, y, sign, control, status) => {
    const aInfinite = code.let(isInfinite(x.word));
    const bInfinite = code.let(isInfinite(y.word));
    const bothZero = x.significand.or(y.significand).isZero();
    code.if(aInfinite.and(bInfinite).or(bothZero), () => code.returnCall(specials.invalid, control));
    code.if(y.significand.isZero().and(aInfinite.isZero()), () => {
      code.returnWhen(control.and(ZE).isZero(), 0, raised(ZE));
      code.return(i64(INTEGER_BIT), sign.or(HAS_RESULT | raised(ZE) | MAX_BIASED));
    });
    code.set(status, denormalStatus(code, control, x, y));
    code.returnWhen(aInfinite, i64(INTEGER_BIT), result(sign.or(MAX_BIASED).or(status)));
    code.returnWhen(x.significand.isZero().or(bInfinite), 0, result(sign.or(status)));
  }, quotient);

  return { mul, div };
}
