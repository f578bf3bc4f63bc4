// Exceptions by the manual's mnemonics.

import { Vector } from '../../cpu/arch/vectors.ts';
import type { Fault } from '../../cpu/signals.ts';

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(Vector).map(([name, vector]) => [vector, name === 'NMI' ? name : `#${name}`]),
);

/** `#PF`, `NMI`, or `vector 32` where the manual has no mnemonic. */
export const vectorName = (vector: number): string => NAMES.get(vector) ?? `vector ${vector}`;

/** `0x` and the digits; 64-bit values are given unsigned. */
export const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

/** Exceptions whose error code is a selector (SDM vol. 3, "Error Code"): 15:3 index, 1 IDT. */
const SELECTOR_CODES: ReadonlySet<number> = new Set([Vector.TS, Vector.NP, Vector.SS, Vector.GP]);
const IDT = 2;

/** `#PF(0x2) at 0xdead000`, `#GP(0x18)`, `#GP(0x33, of IDT entry 6 #UD)`, `#UD`. */
export function faultText({ vector, errorCode, linear }: Fault): string {
  const entry = errorCode !== null && errorCode & IDT && SELECTOR_CODES.has(vector) ? `, of IDT entry ${idtEntry(errorCode >>> 3)}` : '';
  const code = errorCode === null ? '' : `(${hex(errorCode)}${entry})`;
  return `${vectorName(vector)}${code}${vector === Vector.PF ? ` at ${hex(BigInt.asUintN(64, BigInt(linear)))}` : ''}`;
}

const idtEntry = (vector: number): string => (NAMES.has(vector) ? `${vector} ${vectorName(vector)}` : String(vector));
