// FSIN, FCOS, FSINCOS, FPTAN. Angles are reduced by the 66 bits of pi that the processor has (SDM vol. 1, "Approximation of
// Pi"). So results near its multiples differ from those of mathematics, as the processor's do. Null for no result.

import type { FloatEnvironment } from './environment.ts';
import { classify, unpack } from './encoding.ts';
import { divExact } from './exact.ts';
import { bitLength, leadingExponent } from './format.ts';
import type { Exact } from './format.ts';
import { denormalOperands, invalid, specialOperand } from './invalid.ts';
import { cosOf, sinOf } from './series.ts';
import { FAINT, WORKING_BITS, inexact, nextTo, transcendental } from './transcendental.ts';

/** A function of an angle. `partial` is C2: the operand is 2^63 or more, and stays as it is. */
export interface AngleResult {
  readonly value: bigint;
  readonly partial: boolean;
}

export interface SineCosine {
  readonly sine: bigint;
  readonly cosine: bigint;
  readonly partial: boolean;
}

const ONE = 0x3fff_8000_0000_0000_0000n;

/** FSIN. */
export const sine = (env: FloatEnvironment, x: bigint): AngleResult | null => angleFunction(env, x, x, ({ sine }) => sine);

/** FCOS. */
export const cosine = (env: FloatEnvironment, x: bigint): AngleResult | null => angleFunction(env, x, ONE, ({ cosine }) => cosine);

/** FPTAN: `value` takes the operand's place, then, if the result is not partial, `pushed` is pushed: 1, or the same NaN. */
export function tangent(env: FloatEnvironment, x: bigint): (AngleResult & { readonly pushed: bigint }) | null {
  const result = angleFunction(env, x, x, ({ tangent }) => tangent());
  return result && { ...result, pushed: classify(result.value) === 'nan' ? result.value : ONE };
}

/** FSINCOS. C1 tells about the cosine. */
export function sineCosine(env: FloatEnvironment, x: bigint): SineCosine | null {
  const first = sine(env, x);
  const second = first === null ? null : cosine(env, x);
  return first === null || second === null ? null : { sine: first.value, cosine: second.value, partial: first.partial };
}

interface Functions {
  readonly sine: Exact;
  readonly cosine: Exact;
  readonly tangent: () => Exact;
}

/** The common part: operands that are no angles, 0 with its result, angles out of range. */
function angleFunction(env: FloatEnvironment, bits: bigint, ofZero: bigint, choose: (functions: Functions) => Exact): AngleResult | null {
  const x = unpack(bits);
  const special = x.kind === 'infinity' ? invalid(env) : specialOperand(env, x);
  if (special !== undefined) return special === null ? null : { value: special, partial: false };
  env.roundedUp = false;
  if (x.kind === 'zero') return { value: ofZero, partial: false };
  if (leadingExponent(x) >= 63) return { value: bits, partial: true };
  if (!denormalOperands(env, x)) return null;
  return { value: transcendental(env, choose(functionsOf(x))), partial: false };
}

/** Pi by 2^66. */
const PI_66 = 0xc_90fd_aa22_168c_234cn;
/** Fraction bits in which angles that are not faint, and half of pi, are exact. */
const ANGLE_BITS = 200;

function functionsOf(x: Exact): Functions {
  if (leadingExponent(x) < -FAINT) {
    const one: Exact = { sign: 0, significand: 1n, exponent: 0 };
    return { sine: nextTo(x, 'below'), cosine: nextTo(one, 'below'), tangent: () => nextTo(x, 'above') };
  }
  const { rest, quadrant } = reduce(x);
  const bits = WORKING_BITS + Math.max(0, ANGLE_BITS - bitLength(rest < 0n ? -rest : rest));
  const angle = rest << BigInt(bits - ANGLE_BITS);
  const sin = sinOf(angle, bits);
  const cos = cosOf(angle, bits);
  const [s, c] = (
    [
      [sin, cos],
      [cos, -sin],
      [-sin, -cos],
      [-cos, sin],
    ] as const
  )[quadrant]!;
  const sine = inexact(s, bits);
  const cosine = inexact(c, bits);
  return { sine, cosine, tangent: () => divExact(sine, cosine) };
}

/** x = quadrant * pi / 2 + rest, modulo 2 pi, with a rest of at most a quarter of pi either way. */
function reduce({ sign, significand, exponent }: Exact): { rest: bigint; quadrant: number } {
  const quarterTurn = PI_66 << BigInt(ANGLE_BITS - 67);
  const magnitude = significand << BigInt(ANGLE_BITS + exponent);
  const angle = sign === 1 ? -magnitude : magnitude;
  const turns = (2n * magnitude + quarterTurn) / (2n * quarterTurn);
  const quarters = sign === 1 ? -turns : turns;
  return { rest: angle - quarters * quarterTurn, quadrant: Number(BigInt.asUintN(2, quarters)) };
}
