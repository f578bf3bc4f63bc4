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
  /** Signed. Where `base` is RIP it counts from the next instruction. */
  readonly displacement: number;
  /** Effective segment after overrides: Seg.ES … Seg.GS. */
  readonly segment: number;
}

export interface Operand {
  readonly kind: OperandKind;
  /** Bytes. For MEM the size of the access; of a wider structure (pseudo-descriptor, far pointer, m80) the size of its first part. */
  readonly size: Size;
  readonly reg: number;
  /** The immediate: unsigned up to 2 bytes; of 4 and 8 bytes its low 32 bits, signed. */
  readonly imm: number;
  /** The same number; of 8 bytes all 64 bits, signed. */
  readonly imm64: bigint;
  readonly address: Address;
}
