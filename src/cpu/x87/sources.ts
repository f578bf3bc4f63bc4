// Operands of x87 arithmetic: a register, or memory converted to the register format.

import { OperandKind } from '../builder/insn.ts';
import type { Insn } from '../builder/insn.ts';
import { DE, IE, ZE, classify, fromFloat32, fromFloat64, fromInteger } from '../float/index.ts';
import type { FloatEnvironment } from '../float/index.ts';
import type { X87 } from '../state/x87-registers.ts';

export interface Source {
  readonly bits: bigint;
  /** A denormal of the memory's format, which the register format holds as a normal number. */
  readonly denormal: boolean;
}

const EVERYTHING_MASKED = 0x3f;
const QUIET_BIT = 1n << 62n;

/** A register, or single or double precision in memory, of which `x` are the raw bits. Raises nothing: an SNaN stays one. */
export function realSource(x87: X87, { src }: Insn, x: bigint): Source {
  if (src.kind === OperandKind.ST) return { bits: x87.read(src.reg), denormal: false };
  const env: FloatEnvironment = { rounding: 0, precision: 64, masks: EVERYTHING_MASKED, flags: 0, roundedUp: false };
  const bits = (src.size === 4 ? fromFloat32 : fromFloat64)(env, x)!; // all is masked: never null
  return { bits: env.flags & IE ? bits & ~QUIET_BIT : bits, denormal: (env.flags & DE) !== 0 };
}

/** A signed integer of the operand's size in memory. */
export const integerSource = (_x87: X87, { src }: Insn, x: bigint): Source => ({
  bits: fromInteger(BigInt.asIntN(8 * src.size, x)),
  denormal: false,
});

/**
 * Runs `operation` on a source. DE of a denormal in memory ranks behind what the operands raise, or decide by being NaNs, and before
 * what the result raises (SDM vol. 1, "Floating-Point Exception Priority").
 */
export function withSource<T>(env: FloatEnvironment, source: Source, isNaN: (result: T) => boolean, operation: () => T | null): T | null {
  const result = operation();
  const decided = (env.flags & (IE | ZE)) !== 0 || (result !== null && isNaN(result));
  if (!source.denormal || decided) return result;
  if (env.masks & DE) {
    env.flags |= DE;
    return result;
  }
  env.flags = DE;
  env.roundedUp = false;
  return null;
}

export const isNaN80 = (bits: bigint): boolean => classify(bits) === 'nan';
