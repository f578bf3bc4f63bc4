// What instructions store in memory: first the result is found, then memory is written, then registers change.

import type { Insn } from '../builder/insn.ts';
import type { Mnemonic } from '../decode/mnemonic.ts';
import { toBcd, toFloat32, toFloat64, toInteger } from '../float/index.ts';
import type { FloatEnvironment } from '../float/index.ts';
import type { X87 } from './x87.ts';

type Convert = (env: FloatEnvironment, bits: bigint, size: number) => bigint | null;

export interface Store {
  readonly convert: Convert;
  readonly pops: boolean;
}

const real: Convert = (env, bits, size) => (size === 4 ? toFloat32(env, bits) : toFloat64(env, bits));
const integer =
  (truncate: boolean): Convert =>
  (env, bits, size) =>
    toInteger(env, bits, size as 2 | 4 | 8, { truncate });

export const STORES: Partial<Record<Mnemonic, Store>> = {
  FST: { convert: real, pops: false },
  FSTP: { convert: real, pops: true },
  FSTP_M80: { convert: (_env, bits) => bits, pops: true },
  FIST: { convert: integer(false), pops: false },
  FISTP: { convert: integer(false), pops: true },
  FISTTP: { convert: integer(true), pops: true },
  FBSTP: { convert: toBcd, pops: true },
};

/** ST(0) in the format of the operand; null if an exception is not masked. An empty register counts as the indefinite QNaN. */
export function resultOf(x87: X87, { convert }: Store, i: Insn): bigint | null {
  const bits = x87.isEmpty(0) ? x87.stackFault('underflow') : x87.read(0);
  return bits === null ? null : convert(x87.env, bits, i.dst.size);
}
