// A decoded instruction: plain data, made once and executed many times. Semantics and engines only read it.

import type { Mnemonic } from '../isa/mnemonics.ts';

/** Where an operand is. The values are dense, so that an engine can switch on them. */
export const OperandKind = {
  NONE: 0,
  /** General register `reg`, low `size` bytes; a 4-byte write clears the upper half. */
  REG: 1,
  /** AH CH DH BH: bits 15:8 of general register `reg` (0 … 3). */
  REG_HIGH: 2,
  /** Memory at `address`. */
  MEM: 3,
  /** `imm`, already extended to the operand's size. */
  IMM: 4,
  /** Segment register number `reg`. */
  SREG: 5,
  /** Control register `reg`. */
  CREG: 6,
  /** Debug register `reg`. */
  DREG: 7,
  /** x87 register ST(`reg`). */
  ST: 8,
} as const;
export type OperandKind = (typeof OperandKind)[keyof typeof OperandKind];

export type Size = 1 | 2 | 4 | 8;

/** `Address.base` of RIP-relative addressing. */
export const RIP = 16;

/** base + index * scale + displacement, in the address size of the instruction. Register numbers; -1 for none. */
export interface Address {
  readonly base: number;
  readonly index: number;
  readonly scale: 1 | 2 | 4 | 8;
  /** Signed displacement; for RIP-relative addressing `base` is RIP: that of the next instruction. */
  readonly displacement: number;
  /** Effective segment after overrides: Seg.ES … Seg.GS. */
  readonly segment: number;
}

export interface Operand {
  readonly kind: OperandKind;
  /** Bytes. For MEM the size of the access; a wider structure (pseudo-descriptor, far pointer, m80, m128) has its first part's. */
  readonly size: Size;
  readonly reg: number;
  /** Immediate as a signed number when it fits 32 bits, else its low 32 bits, signed. */
  readonly imm: number;
  /** The same immediate, sign-extended (or zero-extended where the SDM says so) to 64 bits, as a signed bigint. */
  readonly imm64: bigint;
  readonly address: Address;
}

export const Rep = { NONE: 0, REP: 1, REPNE: 2 } as const;
export type Rep = (typeof Rep)[keyof typeof Rep];

/** Code size in force: D bit of CS, or L in long mode. */
export const CodeMode = { BITS16: 2, BITS32: 4, BITS64: 8 } as const;
export type CodeMode = (typeof CodeMode)[keyof typeof CodeMode];

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
  /** Of an x87 instruction the 11 bits that FOP keeps: 10:8 of the escape opcode, 7:0 ModRM. Otherwise 0. */
  readonly fop: number;
  /** Relative branch: signed distance from the next instruction. */
  readonly displacement: number;
  /** Ends a straight-line block: control transfers, and whatever may change mode, mapping or interruptibility. */
  readonly endsBlock: boolean;
}
