// Moves and conversions (SDM vol. 2, MOV MOVZX MOVSX MOVSXD MOVBE MOVNTI LEA CMOVcc SETcc XLAT CBW CWD). No flag changes.

import type { Semantics } from '../builder/builder.ts';
import { RAX, RBX, RDX, halfOf } from './registers.ts';

export const MOV: Semantics = (b, i) => {
  b.write(i.dst, b.read(i.src));
};

/** A non-temporal hint means nothing here. */
export const MOVNTI: Semantics = MOV;

/** Values are zero-extended as they are read. */
export const MOVZX: Semantics = MOV;

export const MOVSX: Semantics = (b, i) => {
  b.write(i.dst, b.signExtend(i.src.size, i.size, b.read(i.src)));
};

export const MOVBE: Semantics = (b, i) => {
  b.write(i.dst, b.byteSwap(i.size, b.read(i.src)));
};

export const LEA: Semantics = (b, i) => {
  b.write(i.dst, b.effectiveAddress(i.size, i.src));
};

/** The source is read and the destination written in either case: a 32-bit one loses its upper half. */
export const CMOV: Semantics = (b, i) => {
  const x = b.read(i.src);
  b.write(i.dst, b.select(b.flags.condition(i.cc), x, b.read(i.dst)));
};

export const SET: Semantics = (b, i) => {
  b.write(i.dst, b.fromCondition(b.flags.condition(i.cc)));
};

/** AL, zero-extended, indexes the table at (R)BX. */
export const XLAT: Semantics = (b, i) => {
  const at = b.offsetBy(i, b.registerAddress(i, RBX), 2, b.readRegister(1, RAX));
  b.writeRegister(1, RAX, b.load(i.src.address.segment, at, 1));
};

export const CBW: Semantics = (b, i) => {
  const half = halfOf(i.size);
  b.writeRegister(i.size, RAX, b.signExtend(half, i.size, b.readRegister(half, RAX)));
};

export const CWD: Semantics = (b, i) => {
  b.writeRegister(i.size, RDX, b.sar(i.size, b.readRegister(i.size, RAX), b.constant(1, 8 * i.size - 1)));
};
