// The manual's names of registers.

import type { Size } from './insn.ts';

const WORDS = ['AX', 'CX', 'DX', 'BX', 'SP', 'BP', 'SI', 'DI'];
const BYTES = ['AL', 'CL', 'DL', 'BL', 'SPL', 'BPL', 'SIL', 'DIL'];
const HIGH_BYTES = ['AH', 'CH', 'DH', 'BH'];

/** Names of the segment registers by their number in ModRM. */
export const SEGMENT_NAMES: readonly string[] = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS'];

/** AH, CH, DH, BH for 0 … 3. */
export const highByteName = (reg: number): string => HIGH_BYTES[reg]!;

/** Name of the low `size` bytes of general register `reg`. */
export function registerName(size: Size, reg: number): string {
  if (reg >= 8) return `R${reg}${{ 1: 'B', 2: 'W', 4: 'D', 8: '' }[size]}`;
  if (size === 1) return BYTES[reg]!;
  return `${{ 2: '', 4: 'E', 8: 'R' }[size]}${WORDS[reg]!}`;
}
