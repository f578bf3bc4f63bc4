// F2XM1, FYL2X, FYL2XP1, FPTAN, FPATAN, FSIN, FCOS, FSINCOS.

import { arctangent, cosine, exp2Minus1, sine, sineCosine, tangent, yLog2, yLog2Plus1 } from '../float/index.ts';
import type { AngleResult, FloatEnvironment } from '../float/index.ts';
import { unary } from './arithmetic.ts';
import type { X87Operation } from './operation.ts';
import { Status } from '../arch/x87-status.ts';
import type { X87 } from '../state/x87-registers.ts';

/** C2: the operand is out of range, and stays. */
function setPartial(x87: X87, partial: boolean): void {
  x87.status = (x87.status & ~Status.C2) | (partial ? Status.C2 : 0);
}

const whole = (value: bigint | null): AngleResult | null => (value === null ? null : { value, partial: false });

/** ST(0) = the function of ST(0). */
const angle =
  (operation: (env: FloatEnvironment, x: bigint) => AngleResult | null): X87Operation =>
  ({ x87 }) => {
    const result = x87.isEmpty(0) ? whole(x87.stackFault('underflow')) : operation(x87.env, x87.read(0));
    setPartial(x87, result !== null && result.partial);
    if (result !== null) x87.write(0, result.value);
  };

interface Pair {
  readonly below: bigint;
  readonly top: bigint;
  readonly partial: boolean;
}

const both = (value: bigint | null): Pair | null => (value === null ? null : { below: value, top: value, partial: false });

/** ST(0) becomes `below`, and `top` is pushed unless the result is partial. */
const pushing =
  (operation: (env: FloatEnvironment, x: bigint) => Pair | null): X87Operation =>
  ({ x87 }) => {
    const fault = x87.isEmpty(0) ? 'underflow' : x87.isEmpty(-1) ? null : 'overflow';
    const pair = fault === null ? operation(x87.env, x87.read(0)) : both(x87.stackFault(fault));
    setPartial(x87, pair !== null && pair.partial);
    if (pair === null) return;
    x87.write(0, pair.below);
    if (!pair.partial) x87.push(pair.top);
  };

/** ST(1) = the function of ST(0) and ST(1); then the stack is popped. */
const popping =
  (operation: (env: FloatEnvironment, x: bigint, y: bigint) => bigint | null): X87Operation =>
  ({ x87 }) => {
    const empty = x87.isEmpty(0) || x87.isEmpty(1);
    const result = empty ? x87.stackFault('underflow') : operation(x87.env, x87.read(0), x87.read(1));
    if (result === null) return;
    x87.write(1, result);
    x87.pop();
  };

export const TRANSCENDENTAL = {
  f2xm1: unary(exp2Minus1),
  fsin: angle(sine),
  fcos: angle(cosine),
  fsincos: pushing((env, x) => {
    const result = sineCosine(env, x);
    return result && { below: result.sine, top: result.cosine, partial: result.partial };
  }),
  fptan: pushing((env, x) => {
    const result = tangent(env, x);
    return result && { below: result.value, top: result.pushed, partial: result.partial };
  }),
  fpatan: popping(arctangent),
  fyl2x: popping(yLog2),
  fyl2xp1: popping(yLog2Plus1),
} satisfies Record<string, X87Operation>;
