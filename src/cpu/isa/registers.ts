// General registers that instructions name implicitly, by their number in ModRM, and sizes derived from an instruction's.

import { CodeMode } from '../builder/insn.ts';
import type { Insn, Size } from '../builder/insn.ts';

export const RAX = 0,
  RCX = 1,
  RDX = 2,
  RBX = 3,
  RSP = 4,
  RBP = 5,
  RSI = 6,
  RDI = 7;

/** Half as many bytes; a byte has no half. */
export const halfOf = (size: Size): Size => (size === 8 ? 4 : size === 4 ? 2 : 1);

/** Bytes of a linear address, and of a base in the descriptor-table registers. */
export const linearSize = (i: Insn): 4 | 8 => (i.mode === CodeMode.BITS64 ? 8 : 4);
