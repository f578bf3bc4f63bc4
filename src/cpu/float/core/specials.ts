// What the x87 answers when operands are NaNs or encodings that it does not support, and what every operation begins with.

import { i32, i64 } from '../../translator/wasm/expression.ts';
import type { Expression, Local } from '../../translator/wasm/expression.ts';
import type { Callee, Code } from '../../translator/wasm/code.ts';
import type { Program } from '../../translator/wasm/program.ts';
import { DE, IE } from '../environment.ts';
import { HAS_RESULT, INTEGER_BIT, QUIET_BIT, exponentOf, isDenormal, isNoNumber, raised, result, signOf } from './outcome.ts';

export interface SpecialFunctions {
  /** (control) → the indefinite QNaN, or no result. */
  readonly invalid: Callee;
  /**
   * (a, b, control) → the result when an operand is a NaN or unsupported: unsupported encodings come before NaNs; signaling NaNs raise
   * IE. (SDM vol. 1, "Rules for Handling NaNs" and "Floating-Point Exception Priority".)
   */
  readonly propagate: Callee;
  /** (a number that is finite and not 0) → its significand with the leading bit in bit 63, and the exponent for that, perhaps below 1. */
  readonly normalize: Callee;
}

/** An operand as it comes: significand and word. */
export interface Operand {
  readonly significand: Local;
  readonly word: Local;
}

export function defineSpecials(program: Program): SpecialFunctions {
  const invalid = program.define(['i32'], ['i64', 'i32'], (code, control) => {
    code.returnWhen(control.and(IE), i64(INTEGER_BIT | QUIET_BIT), i32(HAS_RESULT | raised(IE) | 0xffff));
    code.return(0, raised(IE));
  });

  const propagate = program.define(['i64', 'i32', 'i64', 'i32', 'i32'], ['i64', 'i32'], (code, a, aWord, b, bWord, control) => {
    const unsupported = (x: Local, word: Local): Expression => exponentOf(word).ne(0).and(x.isNegative().isZero());
    code.if(unsupported(a, aWord).or(unsupported(b, bWord)), () => code.returnCall(invalid, control));
    const aIsNaN = code.let(isNoNumber(a, aWord));
    const bIsNaN = code.let(isNoNumber(b, bWord));
    const aIsQuiet = code.let(a.and(i64(QUIET_BIT)).ne(0));
    const bIsQuiet = code.let(b.and(i64(QUIET_BIT)).ne(0));
    const isSignaling = aIsNaN.and(aIsQuiet.isZero()).or(bIsNaN.and(bIsQuiet.isZero()));
    const status = code.let(isSignaling.choose(i32(raised(IE)), 0));
    code.returnWhen(status.ne(0).and(control.and(IE).isZero()), 0, status);
    const head = code.let(result(status));
    const take = (x: Local, word: Local): void => code.return(x.or(i64(QUIET_BIT)), head.or(word));
    code.if(bIsNaN.isZero(), () => take(a, aWord));
    code.if(aIsNaN.isZero(), () => take(b, bWord));
    // of a QNaN and an SNaN the QNaN; of two of a kind the one with the larger significand, or else the positive one
    code.if(aIsQuiet.ne(bIsQuiet), () =>
      code.if(
        aIsQuiet,
        () => take(a, aWord),
        () => take(b, bWord),
      ),
    );
    code.if(a.ne(b), () =>
      code.if(
        a.gt(b),
        () => take(a, aWord),
        () => take(b, bWord),
      ),
    );
    code.if(signOf(aWord), () => take(b, bWord));
    take(a, aWord);
  });

  const normalize = program.define(['i64', 'i32'], ['i64', 'i32'], (code, significand, word) => {
    const zeros = code.let(significand.countLeadingZeros());
    const exponent = code.let(exponentOf(word));
    code.return(significand.shl(zeros), exponent.add(exponent.isZero()).sub(zeros.low32()));
  });

  return { invalid, propagate, normalize };
}

/** Leaves with `propagate` if an operand is no number. */
export function propagateNaNs(code: Code, { propagate }: SpecialFunctions, a: Operand, b: Operand, control: Local): void {
  code.if(isNoNumber(a.significand, a.word).or(isNoNumber(b.significand, b.word)), () =>
    code.returnCall(propagate, a.significand, a.word, b.significand, b.word, control),
  );
}

/** An operand in parts, normalized where it is not. */
export interface Parts {
  readonly significand: Local;
  readonly exponent: Local;
}

export const partsOf = (code: Code, { significand, word }: Operand): Parts => ({
  significand: code.let(significand),
  exponent: code.let(exponentOf(word)),
});

/** Makes the parts those of a normalized number. */
export function normalizeParts(code: Code, { normalize }: SpecialFunctions, { significand, word }: Operand, parts: Parts): void {
  const [normal, exponent] = code.call(normalize, significand, word) as [Local, Local];
  code.set(parts.significand, normal);
  code.set(parts.exponent, exponent);
}

/** DE in the place of exceptions of an outcome, or 0, by the operands. Leaves without a result if it is not masked. */
export function denormalStatus(code: Code, control: Local, ...operands: readonly Operand[]): Local {
  const status = code.let(i32(0));
  for (const { significand, word } of operands) code.if(isDenormal(significand, word), () => code.set(status, raised(DE)));
  const none = code.type.results.length === 1 ? [status] : [0, status];
  code.returnWhen(status.ne(0).and(control.and(DE).isZero()), ...none);
  return status;
}
