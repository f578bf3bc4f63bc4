// Operands of a decoded instruction: plain data.

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
