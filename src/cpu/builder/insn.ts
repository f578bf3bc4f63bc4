// A decoded instruction: plain data, made once and executed many times. Semantics and engines only read it.

import type { CodeMode } from '../arch/code-mode.ts';
import type { Mnemonic } from '../decode/mnemonic.ts';
import type { Operand, Size } from './operand.ts';

export { CodeMode } from '../arch/code-mode.ts';
export { OperandKind, RIP } from './operand.ts';
export type { Address, Operand, Size } from './operand.ts';

export const Rep = { NONE: 0, REP: 1, REPNE: 2 } as const;
export type Rep = (typeof Rep)[keyof typeof Rep];

export interface Insn {
  readonly mnemonic: Mnemonic;
  /** Bytes, 1 … 15. */
  readonly length: number;
  readonly mode: CodeMode;
  /** Operand size in bytes (with 8-bit forms 1); the size that the mnemonic's semantics works in. */
  readonly size: Size;
  /** Address size in bytes. */
  readonly addressSize: 2 | 4 | 8;
  /** Size of a push or a near branch in bytes: 8 in 64-bit mode unless prefixed to 2, else the operand size. */
  readonly stackSize: 2 | 4 | 8;
  readonly dst: Operand;
  readonly src: Operand;
  readonly third: Operand;
  readonly lock: boolean;
  readonly rep: Rep;
  /** Condition code 0 … 15 for Jcc, SETcc, CMOVcc, FCMOVcc. */
  readonly cc: number;
  /** The 11 bits that FOP keeps of an x87 instruction: 10:8 from the escape opcode, 7:0 ModRM. 0 for any other. */
  readonly fop: number;
  /** Of a relative branch, the signed distance from the next instruction. */
  readonly displacement: number;
  /** The address of the operand in memory must be a multiple of this many bytes, else #GP(0). 1 asks for nothing. */
  readonly alignment: number;
}
