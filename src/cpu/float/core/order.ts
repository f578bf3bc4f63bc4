// FCOM and its kin.

import { i32 } from '../../translator/wasm/expression.ts';
import type { Expression, Local } from '../../translator/wasm/expression.ts';
import type { Program } from '../../translator/wasm/program.ts';
import { IE } from '../environment.ts';
import { HAS_RESULT, QUIET_BIT, exponentOf, isNoNumber, raised, result, signOf } from './outcome.ts';
import { denormalStatus } from './specials.ts';

/** What a comparison found, as the condition codes in the status word: C3, C2, C0. */
export const Order = { GREATER: 0, LESS: 0x100, EQUAL: 0x4000, UNORDERED: 0x4500 } as const;

/**
 * (a, b, control, quiet) → outcome with an Order in bits 15:0. Zeros are equal whatever their signs. A NaN makes the result unordered
 * and raises IE; if `quiet` is 1 (FUCOM, FUCOMI) a QNaN does not raise it.
 */
export function defineOrder(program: Program) {
  const compare = program.define(['i64', 'i32', 'i64', 'i32', 'i32', 'i32'], ['i32'], (code, a, aWord, b, bWord, control, quiet) => {
    const isLoud = (x: Local, word: Local): Expression =>
      isNoNumber(x, word).and(quiet.isZero().or(x.isNegative().isZero()).or(x.and(QUIET_BIT).isZero()));
    code.if(isNoNumber(a, aWord).or(isNoNumber(b, bWord)), () => {
      code.returnWhen(isLoud(a, aWord).or(isLoud(b, bWord)).isZero(), i32(HAS_RESULT | Order.UNORDERED));
      code.returnWhen(control.and(IE), i32(HAS_RESULT | raised(IE) | Order.UNORDERED));
      code.return(raised(IE));
    });
    const status = denormalStatus(code, control, { significand: a, word: aWord }, { significand: b, word: bWord });
    const head = code.let(result(status));
    code.returnWhen(a.or(b).isZero(), head.or(Order.EQUAL));
    const aSign = code.let(signOf(aWord));
    code.returnWhen(aSign.ne(signOf(bWord)), head.or(aSign.shr(7)));
    const aExponent = code.let(exponentOf(aWord));
    const bExponent = code.let(exponentOf(bWord));
    // denormals have the exponent of the smallest normal numbers
    code.set(aExponent, aExponent.add(aExponent.isZero()));
    code.set(bExponent, bExponent.add(bExponent.isZero()));
    const equalExponents = code.let(aExponent.eq(bExponent));
    code.returnWhen(equalExponents.and(a.eq(b)), head.or(Order.EQUAL));
    const isSmaller = aExponent.lt(bExponent).or(equalExponents.and(a.lt(b)));
    code.return(head.or(isSmaller.xor(aSign.ne(0)).shl(8)));
  });
  return { compare };
}
