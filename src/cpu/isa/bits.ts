// Single bits and bit counts (SDM vol. 2, BT BTS BTR BTC BSF BSR TZCNT LZCNT POPCNT BSWAP).

import type { Builder, Semantics, Values } from '../builder/builder.ts';
import { OperandKind } from '../builder/insn.ts';
import type { Insn } from '../builder/insn.ts';

/** The bit offset within the operand. */
const bitOffset = <T extends Values>(b: Builder<T>, i: Insn): T['value'] => b.and(b.read(i.src), b.constant(i.size, 8 * i.size - 1));

/** A register offset into memory is signed and reaches beyond the operand (SDM vol. 2, "Bit(BitBase, BitOffset)"). */
const isBitString = (i: Insn): boolean => i.dst.kind === OperandKind.MEM && i.src.kind === OperandKind.REG;

/** The address of the part of the bit string, `size` bytes, that has the bit. */
function bitAddress<T extends Values>(b: Builder<T>, i: Insn): T['address'] {
  const part = b.sar(i.size, b.read(i.src), b.constant(1, 3 + Math.log2(i.size)));
  return b.offsetBy(i, b.address(i.dst), i.size, b.shl(i.size, part, b.constant(1, Math.log2(i.size))));
}

/** CF = the bit. `change` gives the operand's new value, from the old one and the bit's mask. ZF stays, the rest is undefined. */
function changeBit<T extends Values>(b: Builder<T>, i: Insn, change: (x: T['value'], mask: T['value']) => T['value']): void {
  const at = isBitString(i) ? bitAddress(b, i) : null;
  const x = at === null ? b.readForWrite(i.dst) : b.loadForWrite(i.dst.address.segment, at, i.size);
  const n = bitOffset(b, i);
  const result = change(x, b.shl(i.size, b.constant(i.size, 1), n));
  if (at === null) b.write(i.dst, result);
  else b.store(i.dst.address.segment, at, i.size, result);
  b.flags.setCarry(b.bit(x, n));
}

export const BT: Semantics = (b, i) => {
  const x = isBitString(i) ? b.load(i.dst.address.segment, bitAddress(b, i), i.size) : b.read(i.dst);
  b.flags.setCarry(b.bit(x, bitOffset(b, i)));
};

export const BTS: Semantics = (b, i) => changeBit(b, i, (x, mask) => b.or(x, mask));
export const BTR: Semantics = (b, i) => changeBit(b, i, (x, mask) => b.and(x, b.not(i.size, mask)));
export const BTC: Semantics = (b, i) => changeBit(b, i, (x, mask) => b.xor(x, mask));

/** With a source of 0 the whole destination register stays, even the upper half of a 32-bit one. */
export const BSF: Semantics = (b, i) => {
  const x = b.read(i.src);
  b.when(b.notC(b.isZero(x)), () => b.write(i.dst, b.countTrailingZeros(i.size, x)));
  b.flags.logic(i.size, x);
};

export const BSR: Semantics = (b, i) => {
  const x = b.read(i.src);
  const top = b.constant(i.size, 8 * i.size - 1);
  b.when(b.notC(b.isZero(x)), () => b.write(i.dst, b.sub(i.size, top, b.countLeadingZeros(i.size, x))));
  b.flags.logic(i.size, x);
};

export const TZCNT: Semantics = (b, i) => {
  const x = b.read(i.src);
  const count = b.countTrailingZeros(i.size, x);
  b.write(i.dst, count);
  b.flags.result(i.size, count, b.isZero(x), b.never(), b.never());
};

export const LZCNT: Semantics = (b, i) => {
  const x = b.read(i.src);
  const count = b.countLeadingZeros(i.size, x);
  b.write(i.dst, count);
  b.flags.result(i.size, count, b.isZero(x), b.never(), b.never());
};

/** ZF tells a source of 0; the other five are cleared. */
export const POPCNT: Semantics = (b, i) => {
  const count = b.populationCount(i.size, b.read(i.src));
  b.write(i.dst, count);
  b.flags.result(i.size, count, b.never(), b.never(), b.never());
  b.flags.setParity(b.never());
};

/** BSWAP of a word is undefined; processors give 0. */
export const BSWAP: Semantics = (b, i) => {
  b.write(i.dst, i.size === 2 ? b.constant(2, 0) : b.byteSwap(i.size, b.read(i.dst)));
};
