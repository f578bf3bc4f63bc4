// Vectors recorded on a processor (test/oracle/float80.c): what each instruction is in terms of src/cpu/float, and comparing
// results, exception flags and condition codes bit for bit.

import {
  DE,
  IE,
  abs,
  add,
  arctangent,
  classify,
  compare,
  constant,
  cosine,
  div,
  exp2Minus1,
  extract,
  fromBcd,
  fromFloat32,
  fromFloat64,
  fromInteger,
  mul,
  remainder,
  roundToInteger,
  scale,
  sine,
  sineCosine,
  sqrt,
  sub,
  tangent,
  toBcd,
  toFloat32,
  toFloat64,
  toInteger,
  yLog2,
  yLog2Plus1,
} from '../../src/cpu/float/index.ts';
import type { AngleResult, ConstantName, FloatClass, FloatEnvironment, Remainder } from '../../src/cpu/float/index.ts';
import { environment } from './environment.ts';

export interface Vector {
  readonly text: string;
  readonly name: string;
  readonly cw: number;
  readonly operands: readonly bigint[];
  readonly sw: number;
  readonly results: readonly string[];
}

/** One line of the recorder. */
export function parseVector(text: string): Vector {
  const [before, after] = text.split(' = ') as [string, string];
  const [name, cw, ...operands] = before.split(' ') as [string, string, ...string[]];
  const [sw, ...results] = after.split(' ') as [string, ...string[]];
  return { text, name, cw: parseInt(cw, 16), operands: operands.map((x) => BigInt(`0x${x}`)), sw: parseInt(sw, 16), results };
}

const C0 = 0x100;
const C1 = 0x200;
const C2 = 0x400;
const C3 = 0x4000;
const TOP_SHIFT = 11;

/** What an instruction did; `values` is null if there is no result. */
interface Outcome {
  /** TOP, where it is not the form's. */
  readonly top?: 6;
  readonly values: readonly bigint[] | null;
  /** C3, C2, C0. */
  readonly conditions?: number;
  /** C1, where it is not roundedUp. */
  readonly c1?: boolean;
}

interface Form {
  /** TOP after the instruction if there was a result; before it is 6. */
  readonly top: 5 | 6 | 7;
  /** Results may differ in the last bit, and C1 with them. */
  readonly loose?: true;
  /** Hexadecimal digits of a result: 20 in registers. */
  readonly digits: number;
  readonly run: (env: FloatEnvironment, a: bigint, b: bigint) => Outcome;
}

type Operation = (env: FloatEnvironment, a: bigint, b: bigint) => bigint | null;

const one = (value: bigint | null): Outcome => ({ values: value === null ? null : [value] });
const register = (run: Operation, top: 5 | 6 | 7 = 6): Form => ({ top, digits: 20, run: (env, a, b) => one(run(env, a, b)) });
const store = (bytes: number, run: Operation): Form => ({
  top: 7,
  digits: 2 * bytes,
  run: (env, a, b) => {
    const value = run(env, a, b);
    return one(value === null ? null : BigInt.asUintN(8 * bytes, value));
  },
});
const toBytes = (bytes: 2 | 4 | 8, truncate: boolean): Form => store(bytes, (env, a) => toInteger(env, a, bytes, { truncate }));

/** Where the remainder's quotient goes: bits 2, 1, 0 to C0, C3, C1. */
function remainderOutcome(result: Remainder | null): Outcome {
  if (result === null) return { values: null, conditions: 0, c1: false };
  const { value, quotient, partial } = result;
  const conditions = (quotient & 4 ? C0 : 0) | (quotient & 2 ? C3 : 0) | (partial ? C2 : 0);
  return { values: [value], conditions, c1: (quotient & 1) !== 0 };
}

const transcendental = (run: Operation, top: 6 | 7 = 6): Form => ({ ...register(run, top), loose: true });

/** C2 of an angle that is out of range: nothing is pushed. */
const outOfRange = (x: bigint): Outcome => ({ values: [x], conditions: C2, top: 6 });
const ofAngle = (run: (env: FloatEnvironment, x: bigint) => AngleResult | null): Form => ({
  top: 6,
  digits: 20,
  loose: true,
  run: (env, a) => {
    const result = run(env, a);
    return result?.partial ? outOfRange(a) : one(result && result.value);
  },
});

const COMPARISON = { less: C0, equal: C3, greater: 0, unordered: C3 | C2 | C0 } as const;
const comparison = (quiet: boolean): Form => ({
  top: 6,
  digits: 20,
  run: (env, a, b) => {
    const result = compare(env, a, b, { quiet });
    return result === null ? { values: null } : { values: [], conditions: COMPARISON[result] };
  },
});

const CLASSES: Readonly<Record<FloatClass, number>> = {
  unsupported: 0,
  nan: C0,
  normal: C2,
  infinity: C2 | C0,
  zero: C3,
  denormal: C3 | C2,
};

const constants = ['FLD1', 'FLDL2T', 'FLDL2E', 'FLDPI', 'FLDLG2', 'FLDLN2', 'FLDZ'] as const satisfies readonly ConstantName[];

export const FORMS: Readonly<Record<string, Form>> = {
  FADD: register(add),
  FSUB: register(sub),
  FMUL: register(mul),
  FDIV: register(div),
  FSQRT: register(sqrt),
  FPREM: { top: 6, digits: 20, run: (env, a, b) => remainderOutcome(remainder(env, a, b, { nearest: false })) },
  FPREM1: { top: 6, digits: 20, run: (env, a, b) => remainderOutcome(remainder(env, a, b, { nearest: true })) },
  FRNDINT: register(roundToInteger),
  FSCALE: register(scale),
  FXTRACT: {
    top: 5,
    digits: 20,
    run: (env, a) => {
      const result = extract(env, a);
      return { values: result && [result.significand, result.exponent] };
    },
  },
  FCOM: comparison(false),
  FUCOM: comparison(true),
  FXAM: { top: 6, digits: 20, run: (_env, a) => ({ values: [], conditions: CLASSES[classify(a)], c1: abs(a) !== a }) },
  FLD32: register(fromFloat32, 5),
  FLD64: register(fromFloat64, 5),
  FSTP32: store(4, toFloat32),
  FSTP64: store(8, toFloat64),
  FILD64: register((_env, a) => fromInteger(BigInt.asIntN(64, a)), 5),
  FISTP16: toBytes(2, false),
  FISTP32: toBytes(4, false),
  FISTP64: toBytes(8, false),
  FISTTP16: toBytes(2, true),
  FISTTP32: toBytes(4, true),
  FISTTP64: toBytes(8, true),
  FBLD: register((_env, a) => fromBcd(a), 5),
  FBSTP: store(10, toBcd),
  F2XM1: transcendental(exp2Minus1),
  FYL2X: transcendental(yLog2, 7),
  FYL2XP1: transcendental(yLog2Plus1, 7),
  FPATAN: transcendental(arctangent, 7),
  FSIN: ofAngle(sine),
  FCOS: ofAngle(cosine),
  FPTAN: {
    top: 5,
    digits: 20,
    loose: true,
    run: (env, a) => {
      const result = tangent(env, a);
      return result?.partial ? outOfRange(a) : { values: result && [result.pushed, result.value] };
    },
  },
  FSINCOS: {
    top: 5,
    digits: 20,
    loose: true,
    run: (env, a) => {
      const result = sineCosine(env, a);
      return result?.partial ? outOfRange(a) : { values: result && [result.cosine, result.sine] };
    },
  },
  ...Object.fromEntries(constants.map((name) => [name, register((env) => constant(name, env.rounding), 5)])),
};

/** Where the recorded AMD processor and the modelled Intel processor differ, by their manuals. */
export const VENDOR_DIFFERENCES: readonly { name: string; why: string; holds: (vector: Vector) => boolean }[] = [
  {
    name: 'FLD of a denormal with DE unmasked',
    why: 'TOP is to stay as it was (SDM vol. 1, "Denormal Operand Exception"); the recorded processor loads the number',
    holds: ({ name, cw, sw }) => (name === 'FLD32' || name === 'FLD64') && (sw & ~cw & DE) !== 0,
  },
  {
    name: 'comparison with IE or DE unmasked',
    why: 'the condition codes are not set (SDM vol. 2, FCOM, footnote of the table of results); the recorded processor sets them',
    holds: ({ name, cw, sw }) => (name === 'FCOM' || name === 'FUCOM') && (sw & ~cw & (IE | DE)) !== 0,
  },
];

const PRECISIONS = [24, 24, 53, 64] as const;

/** How what the arithmetic did differs from the vector, or null. */
export function difference({ name, cw, operands, sw, results }: Vector): string | null {
  const form = FORMS[name]!;
  const env = environment({
    rounding: ((cw >> 10) & 3) as FloatEnvironment['rounding'],
    precision: PRECISIONS[(cw >> 8) & 3]!,
    masks: cw & 0x3f,
  });
  const { values, conditions = 0, c1 = env.roundedUp, top: ownTop = form.top } = form.run(env, operands[0]!, operands[1]!);
  const top = values === null ? 6 : ownTop;
  const pending = (env.flags & ~env.masks) !== 0;
  const status = (pending ? 0x8080 : 0) | (top << TOP_SHIFT) | conditions | (c1 ? C1 : 0) | env.flags;
  const shown = (values ?? []).map((value) => value.toString(16).padStart(form.digits, '0'));
  const wrong: string[] = [];
  // Without a result the destination keeps what it had: ST(0), which the recorder prints; memory and pushes show in TOP.
  if (values === null && form.top === 6 && form.digits === 20 && results.length > 0) shown.push(hex(operands[0]!));
  const isClose = form.loose ? (x: string, n: number) => ulpsApart(x, results[n]!) <= 1n : (x: string, n: number) => x === results[n];
  if (!shown.every(isClose)) wrong.push(`result ${shown.join(' ')}`);
  if (((status ^ sw) & ~(form.loose ? C1 : 0)) !== 0) wrong.push(`SW ${status.toString(16)}`);
  return wrong.length === 0 ? null : wrong.join(', ');
}

/** The distance of two numbers in the register format, in units of the last bit; 0 only for the same bits. */
function ulpsApart(x: string, y: string): bigint {
  const [a, b] = [x, y].map((digits) => BigInt(`0x${digits}`)).map((bits) => ((bits >> 64n) << 63n) + (bits & ((1n << 63n) - 1n)));
  return x === y ? 0n : a! > b! ? a! - b! : a! < b! ? b! - a! : 1n << 79n;
}

const hex = (x: bigint): string => x.toString(16).padStart(20, '0');
