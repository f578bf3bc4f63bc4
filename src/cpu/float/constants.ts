// FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ.

import type { RoundingMode } from './environment.ts';
import { pack } from './encoding.ts';
import { roundToPrecision } from './format.ts';
import type { Exact } from './format.ts';

/** The first 96 bits of each significand, more than enough to round it. */
const CONSTANTS = {
  FLD1: { sign: 0, significand: 1n, exponent: 0 },
  FLDL2T: { sign: 0, significand: 0xd49a784b_cd1b8afe_492bf6ffn, exponent: 1 - 95 },
  FLDL2E: { sign: 0, significand: 0xb8aa3b29_5c17f0bb_be87fed0n, exponent: 0 - 95 },
  FLDPI: { sign: 0, significand: 0xc90fdaa2_2168c234_c4c6628bn, exponent: 1 - 95 },
  FLDLG2: { sign: 0, significand: 0x9a209a84_fbcff798_8f8959acn, exponent: -2 - 95 },
  FLDLN2: { sign: 0, significand: 0xb17217f7_d1cf79ab_c9e3b398n, exponent: -1 - 95 },
} as const satisfies Readonly<Record<string, Exact>>;

export type ConstantName = keyof typeof CONSTANTS | 'FLDZ';

/** The constant that the instruction of that name loads, rounded by RC to the register format. Raises nothing; C1 is 0. */
export const constant = (name: ConstantName, rounding: RoundingMode): bigint =>
  name === 'FLDZ' ? 0n : pack(roundToPrecision(CONSTANTS[name], 64, rounding));
