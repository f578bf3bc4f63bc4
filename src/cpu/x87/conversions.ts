// What is stored in memory: ST(0) in the format of the operand. The conversion changes nothing: its outcome travels with the result
// to the helper that ends the store.
//
//   outcome   31 to be stored | 30:16 exceptions, SF and C1 as in the status word | 15:0 bits 79:64 of what is stored

import { toBcd, toFloat32, toFloat64, toInteger } from '../float/index.ts';
import type { FloatEnvironment } from '../float/index.ts';
import type { Insn } from '../builder/insn.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { Status } from '../arch/x87-status.ts';

const STATUS_SHIFT = 16n;
const STORED = 0x8000;

/** null: an exception that is not masked keeps the result from being stored. */
type Convert = (env: FloatEnvironment, bits: bigint, size: number) => bigint | null;

/** Low 64 bits of what is to be stored, and the outcome. An empty register counts as the indefinite QNaN. */
type X87Conversion = (cpu: CpuState, i: Insn) => readonly [bigint, bigint];

const conversion =
  (convert: Convert): X87Conversion =>
  ({ x87 }, i) => {
    const { env } = x87;
    x87.begin();
    const bits = x87.isEmpty(0) ? x87.stackFault('underflow') : x87.read(0);
    const result = bits === null ? null : convert(env, bits, i.dst.size);
    const status = env.flags | (env.roundedUp ? Status.C1 : 0) | (result === null ? 0 : STORED);
    const high = BigInt.asUintN(16, (result ?? 0n) >> 64n);
    return [BigInt.asUintN(64, result ?? 0n), (BigInt(status) << STATUS_SHIFT) | high];
  };

const integer = (truncate: boolean): X87Conversion =>
  conversion((env, bits, size) => toInteger(env, bits, size as 2 | 4 | 8, { truncate }));

export const CONVERSIONS = {
  toReal: conversion((env, bits, size) => (size === 4 ? toFloat32(env, bits) : toFloat64(env, bits))),
  toExtended: conversion((_env, bits) => bits),
  toInteger: integer(false),
  toTruncated: integer(true),
  toDecimal: conversion(toBcd),
} satisfies Record<string, X87Conversion>;

/** Takes the exceptions and C1 of `outcome` over. Returns whether the result was stored. */
export function takeOutcome({ x87 }: CpuState, outcome: bigint): boolean {
  const status = Number(outcome >> STATUS_SHIFT);
  x87.report(status & ~STORED);
  return (status & STORED) !== 0;
}
