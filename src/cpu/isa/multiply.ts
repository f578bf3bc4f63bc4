// Multiplication (SDM vol. 2, MUL IMUL). CF and OF tell that the product needs its high half; SF ZF AF PF are undefined and
// are taken from the low half here, with AF cleared.

import type { Builder, Semantics, Values } from '../builder/builder.ts';
import type { Insn, Size } from '../builder/insn.ts';
import { RAX, RDX } from './registers.ts';

/** AX, or (R)DX:(R)AX. */
function writeProduct<T extends Values>(b: Builder<T>, size: Size, low: T['value'], high: T['value']): void {
  b.writeRegister(size, RAX, low);
  if (size === 1) b.writeHighByte(RAX, high);
  else b.writeRegister(size, RDX, high);
}

export const MUL: Semantics = (b, i) => {
  const x = b.readRegister(i.size, RAX);
  const y = b.read(i.dst);
  const low = b.mul(i.size, x, y);
  const high = b.mulHighUnsigned(i.size, x, y);
  writeProduct(b, i.size, low, high);
  const wide = b.notC(b.isZero(high));
  b.flags.result(i.size, low, wide, wide, b.never());
};

/** The product's high half is more than the sign of its low half. */
function isWide<T extends Values>(b: Builder<T>, size: Size, low: T['value'], high: T['value']): T['condition'] {
  return b.notC(b.equal(high, b.sar(size, low, b.constant(1, 8 * size - 1))));
}

export const IMUL1: Semantics = (b, i) => {
  const x = b.readRegister(i.size, RAX);
  const y = b.read(i.dst);
  const low = b.mul(i.size, x, y);
  const high = b.mulHighSigned(i.size, x, y);
  writeProduct(b, i.size, low, high);
  const wide = isWide(b, i.size, low, high);
  b.flags.result(i.size, low, wide, wide, b.never());
};

/** x * y, truncated to the destination register. */
function multiplyInto<T extends Values>(b: Builder<T>, i: Insn, x: T['value'], y: T['value']): void {
  const low = b.mul(i.size, x, y);
  const wide = isWide(b, i.size, low, b.mulHighSigned(i.size, x, y));
  b.write(i.dst, low);
  b.flags.result(i.size, low, wide, wide, b.never());
}

export const IMUL2: Semantics = (b, i) => {
  multiplyInto(b, i, b.read(i.dst), b.read(i.src));
};

export const IMUL3: Semantics = (b, i) => {
  multiplyInto(b, i, b.read(i.src), b.read(i.third));
};
