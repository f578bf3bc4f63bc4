// Bitwise logic (SDM vol. 2, AND OR XOR TEST NOT). AF is undefined after these, and cleared here.

import type { Semantics } from '../builder/builder.ts';

export const AND: Semantics = (b, i) => {
  const result = b.and(b.readForWrite(i.dst), b.read(i.src));
  b.write(i.dst, result);
  b.flags.logic(i.size, result);
};

export const OR: Semantics = (b, i) => {
  const result = b.or(b.readForWrite(i.dst), b.read(i.src));
  b.write(i.dst, result);
  b.flags.logic(i.size, result);
};

export const XOR: Semantics = (b, i) => {
  const result = b.xor(b.readForWrite(i.dst), b.read(i.src));
  b.write(i.dst, result);
  b.flags.logic(i.size, result);
};

export const TEST: Semantics = (b, i) => {
  b.flags.logic(i.size, b.and(b.read(i.dst), b.read(i.src)));
};

export const NOT: Semantics = (b, i) => {
  b.write(i.dst, b.not(i.size, b.readForWrite(i.dst)));
};
