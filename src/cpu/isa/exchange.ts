// Read-modify-write exchanges (SDM vol. 2, XCHG XADD CMPXCHG CMPXCHG8B/CMPXCHG16B).

import type { Semantics } from '../builder/builder.ts';
import { OperandKind } from '../builder/insn.ts';
import { RAX, RBX, RCX, RDX } from './registers.ts';

/** Memory is written first: its write may still have to be repeated, a register's never. */
export const XCHG: Semantics = (b, i) => {
  const x = b.readForWrite(i.dst);
  const y = b.read(i.src);
  b.write(i.dst, y);
  b.write(i.src, x);
};

/** With the same register twice the sum must stay, so only a destination in memory is written first. */
export const XADD: Semantics = (b, i) => {
  const x = b.readForWrite(i.dst);
  const y = b.read(i.src);
  const sum = b.add(i.size, x, y);
  if (i.dst.kind !== OperandKind.MEM) b.write(i.src, x);
  b.write(i.dst, sum);
  if (i.dst.kind === OperandKind.MEM) b.write(i.src, x);
  b.flags.add(i.size, x, y, sum);
};

/** Memory is written in either case, with its old value when the two differ. A register is written only when they are equal. */
export const CMPXCHG: Semantics = (b, i) => {
  const x = b.readForWrite(i.dst);
  const accumulator = b.readRegister(i.size, RAX);
  const equal = b.equal(accumulator, x);
  const y = b.read(i.src);
  if (i.dst.kind === OperandKind.MEM) b.write(i.dst, b.select(equal, y, x));
  else b.when(equal, () => b.write(i.dst, y));
  b.when(b.notC(equal), () => b.writeRegister(i.size, RAX, x));
  b.flags.sub(i.size, accumulator, x, b.sub(i.size, accumulator, x));
};

/** Two halves of i.size bytes, as one access: it is probed as a whole, and written in either case. */
export const CMPXCHG8B: Semantics = (b, i) => {
  const size = i.size;
  const { segment } = i.dst.address;
  const at = b.address(i.dst);
  const above = b.offset(i, at, size);
  b.probeWrite(segment, at, 2 * size);
  const low = b.loadForWrite(segment, at, size);
  const high = b.loadForWrite(segment, above, size);
  const equal = b.andC(b.equal(low, b.readRegister(size, RAX)), b.equal(high, b.readRegister(size, RDX)));
  b.store(segment, at, size, b.select(equal, b.readRegister(size, RBX), low));
  b.store(segment, above, size, b.select(equal, b.readRegister(size, RCX), high));
  b.when(b.notC(equal), () => {
    b.writeRegister(size, RAX, low);
    b.writeRegister(size, RDX, high);
  });
  b.flags.setZero(equal);
};
