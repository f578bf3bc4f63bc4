// Exceptions by the manual's mnemonics.

import { Vector } from '../../cpu/signals.ts';
import type { Fault } from '../../cpu/signals.ts';

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(Vector).map(([name, vector]) => [vector, name === 'NMI' ? name : `#${name}`]));

/** `#PF`, `NMI`, or `vector 32` where the manual has no mnemonic. */
export const vectorName = (vector: number): string => NAMES.get(vector) ?? `vector ${vector}`;

/** `0x` and the digits; 64-bit values are given unsigned. */
export const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

/** `#PF(0x2) at 0xdead000`, `#GP(0x18)`, `#UD`. */
export function faultText({ vector, errorCode, linear }: Fault): string {
  const code = errorCode === null ? '' : `(${hex(errorCode)})`;
  return `${vectorName(vector)}${code}${vector === Vector.PF ? ` at ${hex(BigInt.asUintN(64, BigInt(linear)))}` : ''}`;
}
