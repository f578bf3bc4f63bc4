// Rounding a result to a format, and the exceptions that are found with it (overflow, underflow, inexact).

import { i32, i64 } from '../../translator/wasm/expression.ts';
import type { Expression, Local } from '../../translator/wasm/expression.ts';
import type { Callee, Code } from '../../translator/wasm/code.ts';
import type { Program } from '../../translator/wasm/program.ts';
import { OE, PE, Rounding, UE } from '../environment.ts';
import { HAS_RESULT, INTEGER_BIT, RC_SHIFT, ROUNDED_UP, STATUS_SHIFT, raised } from './outcome.ts';

/** What is added to or taken from an exponent that left the range of registers, when the exception is not masked. */
const BIAS_ADJUST = 24576;
const MAX_NORMAL = 0x7ffe;
const HALF = INTEGER_BIT;
/** Of the control word: rounding and precision; and what they are for the straight path. */
const ROUNDING_CONTROL = 0xf00;
const TO_NEAREST_64 = 0x300;

export interface RoundingFunctions {
  /** (x, n) → x:0 shifted right by n, as the high word and the low one, whose last bit is sticky. */
  readonly shiftRight: Callee;
  /**
   * (sign, exponent, high, low, control, precision, greatest exponent, wrap) → significand, outcome. high:low is the significand
   * with its integer bit in place, and what follows it, the last bit a sticky one; the exponent is biased as the format has it, and
   * may be out of range; `sign` is 0 or 8000H. `wrap` is 0 for results in memory, of which there is none after an overflow or
   * underflow that is not masked; in registers it is what the exponent is adjusted by. Tininess is found after rounding. A masked
   * underflow is raised only if the result is inexact too. (SDM vol. 1, "Numeric Overflow Exception" and following.)
   */
  readonly deliver: Callee;
  /** (sign, exponent, high, low, control) → significand, outcome, in the register format by precision control. */
  readonly toRegister: Callee;
}

/** `up`: whether the kept bits grow by one unit; 1 or 0. */
function roundsUp(code: Code, sign: Local, rest: Local, isOdd: Local, control: Local): Local {
  const up = code.let(i32(0));
  const mode = code.let(control.shr(RC_SHIFT).and(3));
  code.if(
    mode.isZero(),
    () => code.set(up, rest.gt(i64(HALF)).or(rest.eq(i64(HALF)).and(isOdd))),
    () => code.set(up, sign.ne(0).choose(mode.eq(Rounding.DOWN), mode.eq(Rounding.UP)).and(rest.ne(0))),
  );
  return up;
}

export function defineRounding(program: Program): RoundingFunctions {
  const shiftRight = program.define(['i64', 'i32'], ['i64', 'i64'], (code, x, n) => {
    code.returnWhen(n.isZero(), x, 0);
    const by = code.let(n.extend());
    code.returnWhen(n.lt(64), x.shr(by), x.shl(i64(64n).sub(by)));
    code.returnWhen(n.eq(64), 0, x);
    code.returnWhen(n.lt(128), 0, x.shr(by).or(x.shl(i64(64n).sub(by)).ne(0).extend()));
    code.return(0, x.ne(0).extend());
  });

  // (sign, high, low, control, precision) → kept bits in place (0 after a carry out of them), inexact, up
  const round = program.define(['i32', 'i64', 'i64', 'i32', 'i32'], ['i64', 'i32', 'i32'], (code, sign, high, low, control, precision) => {
    const unit = code.let(i64(1n));
    const rest = code.let(low);
    const kept = code.let(high);
    code.if(precision.ne(64), () => {
      code.set(unit, i64(1n).shl(i32(64).sub(precision).extend()));
      code.set(kept, high.and(i64(0n).sub(unit)));
      code.set(rest, high.shl(precision.extend()).or(low.ne(0).extend()));
    });
    const isOdd = code.let(kept.and(unit).ne(0));
    const up = roundsUp(code, sign, rest, isOdd, control);
    code.return(up.choose(kept.add(unit), kept), rest.ne(0), up);
  });

  const shiftRightPair = program.define(['i64', 'i64', 'i32'], ['i64', 'i64'], (code, high, low, n) => {
    const [newHigh, newLow] = code.call(shiftRight, high, n) as [Local, Local];
    code.returnWhen(n.ge(64), newHigh, newLow.or(low.ne(0).extend()));
    const by = code.let(n.extend());
    code.return(newHigh, newLow.or(low.shr(by)).or(low.and(i64(1n).shl(by).sub(1)).ne(0).extend()));
  });

  const deliver = program.define(
    ['i32', 'i32', 'i64', 'i64', 'i32', 'i32', 'i32', 'i32'],
    ['i64', 'i32'],
    (code, sign, exponent, high, low, control, precision, greatest, wrap) => {
      const [kept, inexact, up] = code.call(round, sign, high, low, control, precision) as [Local, Local, Local];
      const status = code.let(inexact.mul(PE).or(up.mul(ROUNDED_UP)).shl(STATUS_SHIFT));
      const field = code.let(exponent);
      code.if(kept.isZero(), () => {
        code.set(kept, i64(INTEGER_BIT));
        code.set(field, field.add(1));
      });
      const head = code.let(sign.or(i32(HAS_RESULT)));
      code.returnWhen(field.gtSigned(0).and(field.gtSigned(greatest).isZero()), kept, head.or(field).or(status));
      code.if(
        field.gtSigned(0),
        () => {
          code.if(control.and(OE).isZero(), () => {
            code.returnWhen(wrap.isZero(), 0, raised(OE));
            code.return(kept, head.or(field.sub(wrap)).or(status).or(raised(OE)));
          });
          // the masked response: SDM vol. 1, table "Masked Responses to Numeric Overflow"
          const mode = code.let(control.shr(RC_SHIFT).and(3));
          code.if(mode.isZero().or(mode.eq(sign.ne(0).choose(i32(Rounding.DOWN), Rounding.UP))), () => {
            code.return(i64(INTEGER_BIT), head.or(greatest.add(1)).or(raised(OE | PE | ROUNDED_UP)));
          });
          code.return(i64(-1n).shl(i32(64).sub(precision).extend()), head.or(greatest).or(raised(OE | PE)));
        },
        () => {
          code.if(control.and(UE).isZero(), () => {
            code.returnWhen(wrap.isZero(), 0, raised(UE));
            code.return(kept, head.or(field.add(wrap)).or(status).or(raised(UE)));
          });
          const [tinyHigh, tinyLow] = code.call(shiftRightPair, high, low, i32(1).sub(exponent)) as [Local, Local];
          const [tiny, tinyInexact, tinyUp] = code.call(round, sign, tinyHigh, tinyLow, control, precision) as [Local, Local, Local];
          const tinyStatus = tinyInexact.mul(PE | UE).or(tinyUp.mul(ROUNDED_UP));
          code.return(tiny, head.or(tiny.isNegative()).or(tinyStatus.shl(STATUS_SHIFT)));
        },
      );
    },
  );

  const toRegister = program.define(['i32', 'i32', 'i64', 'i64', 'i32'], ['i64', 'i32'], (code, sign, exponent, high, low, control) => {
    const pc = code.let(control.shr(8).and(3));
    const precision = pc.isZero().choose(i32(24), pc.eq(2).choose(i32(53), 64));
    code.returnCall(deliver, sign, exponent, high, low, control, precision, MAX_NORMAL, BIAS_ADJUST);
  });

  return { shiftRight, deliver, toRegister };
}

/** Returns a result in the register format. The straight path, to nearest, with 64 bits, in range, is emitted in place. */
export function returnRegister(
  code: Code,
  { toRegister }: RoundingFunctions,
  [sign, exponent, high, low, control]: readonly [Expression, Local, Local, Local, Local],
  status: Expression,
): void {
  code.if(control.and(ROUNDING_CONTROL).eq(TO_NEAREST_64), () => {
    const up = code.let(low.isNegative().and(low.shl(1).ne(0).or(high.low32().and(1))));
    const kept = code.let(high.add(up.extend()));
    const carry = code.let(kept.isZero());
    const field = code.let(exponent.add(carry));
    code.if(field.sub(1).lt(MAX_NORMAL), () => {
      const rounding = low
        .ne(0)
        .mul(raised(PE))
        .or(up.mul(raised(ROUNDED_UP)));
      const head = sign.or(field).or(status).or(i32(HAS_RESULT));
      code.return(kept.or(carry.extend().shl(63)), head.or(rounding));
    });
  });
  const [significand, outcome] = code.call(toRegister, sign, exponent, high, low, control) as [Local, Local];
  code.return(significand, outcome.or(status));
}
