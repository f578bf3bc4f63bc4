// The transcendental instructions: values that are known, special operands, and what the processor's pi does.

import { describe, expect, it } from 'vitest';
import {
  DE,
  IE,
  INDEFINITE,
  PE,
  UE,
  ZE,
  arctangent,
  cosine,
  exp2Minus1,
  sine,
  sineCosine,
  tangent,
  yLog2,
  yLog2Plus1,
} from '../../src/cpu/float/index.ts';
import type { FloatEnvironment } from '../../src/cpu/float/index.ts';
import { double, environment, extended } from './environment.ts';

const ZERO = 0n;
const MINUS_ZERO = 1n << 79n;
const ONE = extended(1);
const MINUS_ONE = extended(-1);
const HALF = extended(0.5);
const INFINITY = extended(Infinity);
const MINUS_INFINITY = extended(-Infinity);
const DENORMAL = 1n;
const PI = 0x4000_c90f_daa2_2168_c235n;
const PI_HALVES = PI - (1n << 64n);
const PI_QUARTERS = PI - (2n << 64n);
const THREE_PI_QUARTERS = 0x4000_96cb_e3f9_990e_91a8n;
const TOO_LARGE = 0x403e_8000_0000_0000_0000n; // 2^63

interface Case {
  readonly rule: string;
  readonly does: (env: FloatEnvironment) => unknown;
  readonly env?: Partial<FloatEnvironment>;
  readonly gives: unknown;
  readonly flags: number;
}

describe('special operands', () => {
  it.each<Case>([
    { rule: '2^1 - 1', does: (e) => exp2Minus1(e, ONE), gives: ONE, flags: PE },
    { rule: '2^-1 - 1', does: (e) => exp2Minus1(e, MINUS_ONE), gives: extended(-0.5), flags: PE },
    { rule: '2^-0 - 1 is -0', does: (e) => exp2Minus1(e, MINUS_ZERO), gives: MINUS_ZERO, flags: 0 },
    { rule: '2^-infinity - 1', does: (e) => exp2Minus1(e, MINUS_INFINITY), gives: MINUS_ONE, flags: 0 },
    { rule: 'log2(8)', does: (e) => yLog2(e, extended(8), ONE), gives: extended(3), flags: PE },
    { rule: '-1 * log2(1) is -0', does: (e) => yLog2(e, ONE, MINUS_ONE), gives: MINUS_ZERO, flags: 0 },
    { rule: 'log2(0) divides by zero', does: (e) => yLog2(e, ZERO, ONE), gives: MINUS_INFINITY, flags: ZE },
    { rule: 'unmasked, without a result', does: (e) => yLog2(e, ZERO, ONE), env: { masks: 0x3f & ~ZE }, gives: null, flags: ZE },
    { rule: 'log2(-1)', does: (e) => yLog2(e, MINUS_ONE, ONE), gives: INDEFINITE, flags: IE },
    { rule: '0 * log2(0)', does: (e) => yLog2(e, ZERO, ZERO), gives: INDEFINITE, flags: IE },
    { rule: 'infinity * log2(1)', does: (e) => yLog2(e, ONE, INFINITY), gives: INDEFINITE, flags: IE },
    { rule: 'infinity * log2(1/2)', does: (e) => yLog2(e, HALF, INFINITY), gives: MINUS_INFINITY, flags: 0 },
    { rule: '-1 * log2(0 + 1) is -0', does: (e) => yLog2Plus1(e, ZERO, MINUS_ONE), gives: MINUS_ZERO, flags: 0 },
    { rule: 'infinity * log2(0 + 1)', does: (e) => yLog2Plus1(e, ZERO, INFINITY), gives: INDEFINITE, flags: IE },
    { rule: 'the angle of (0, 0) is 0', does: (e) => arctangent(e, ZERO, ZERO), gives: ZERO, flags: 0 },
    { rule: 'the angle of (-0, -0) is -pi', does: (e) => arctangent(e, MINUS_ZERO, MINUS_ZERO), gives: PI | MINUS_ZERO, flags: PE },
    { rule: 'the angle of (0, 1)', does: (e) => arctangent(e, ZERO, ONE), gives: PI_HALVES, flags: PE },
    { rule: 'the angle of (1, 1)', does: (e) => arctangent(e, ONE, ONE), gives: PI_QUARTERS, flags: PE },
    { rule: 'the angle of (-inf, inf)', does: (e) => arctangent(e, MINUS_INFINITY, INFINITY), gives: THREE_PI_QUARTERS, flags: PE },
    { rule: 'the angle of (inf, 1) is 0', does: (e) => arctangent(e, INFINITY, ONE), gives: ZERO, flags: 0 },
    { rule: 'the sine of an infinity', does: (e) => sine(e, INFINITY), gives: { value: INDEFINITE, partial: false }, flags: IE },
    { rule: 'the sine of -0', does: (e) => sine(e, MINUS_ZERO), gives: { value: MINUS_ZERO, partial: false }, flags: 0 },
    { rule: 'the cosine of 0', does: (e) => cosine(e, ZERO), gives: { value: ONE, partial: false }, flags: 0 },
    {
      rule: 'an angle of 2^63 is out of range',
      does: (e) => sineCosine(e, TOO_LARGE),
      gives: { sine: TOO_LARGE, cosine: TOO_LARGE, partial: true },
      flags: 0,
    },
    { rule: 'FPTAN pushes 1', does: (e) => tangent(e, MINUS_ZERO), gives: { value: MINUS_ZERO, pushed: ONE, partial: false }, flags: 0 },
    {
      rule: 'or the NaN that it gives',
      does: (e) => tangent(e, INFINITY),
      gives: { value: INDEFINITE, pushed: INDEFINITE, partial: false },
      flags: IE,
    },
    {
      rule: 'the sine of a denormal is one step nearer to 0, if so rounded',
      does: (e) => sine(e, 2n * DENORMAL)!.value,
      env: { rounding: 3 },
      gives: DENORMAL,
      flags: DE | UE | PE,
    },
  ])('$rule', ({ does, env: changes = {}, gives, flags }) => {
    const env = environment(changes);
    expect(does(env)).toEqual(gives);
    expect(env.flags).toBe(flags);
  });
});

describe('values', () => {
  // With its 66 bits, the processor's pi is a quarter of a unit of the last place above 0x4000c90fdaa22168c234, not 0.768 of it.
  it("the sine of what is nearest to pi is that number's distance from the processor's pi", () => {
    expect(sine(environment(), PI)!.value).toBe(extended(-(2 ** -64)));
  });

  const near = (value: bigint, expected: number): void => expect(Math.abs(double(value) / expected - 1)).toBeLessThan(2 ** -50);
  const ANGLES = [0.001, 0.5, 0.78, 0.79, 1, 1.5, 2, 3, 4, 5, 6, 100];

  it.each([...ANGLES, ...ANGLES.map((x) => -x)])("of the angle %s are the host's", (x) => {
    near(sine(environment(), extended(x))!.value, Math.sin(x));
    near(cosine(environment(), extended(x))!.value, Math.cos(x));
    near(tangent(environment(), extended(x))!.value, Math.tan(x));
    near(arctangent(environment(), extended(x), extended(3))!, Math.atan2(3, x));
    near(arctangent(environment(), extended(-2), extended(x))!, Math.atan2(x, -2));
  });

  it.each([1e-300, 1e-20, 0.1, 0.29, 0.7, 1.4, 1.5, 3, 1e10, 1e300])("of the logarithm of %s are the host's", (x) => {
    near(yLog2(environment(), extended(x), ONE)!, Math.log2(x));
    near(yLog2Plus1(environment(), extended(x), ONE)!, Math.log1p(x) / Math.LN2);
    if (x < 1) near(exp2Minus1(environment(), extended(-x))!, Math.expm1(-x * Math.LN2));
  });
});
