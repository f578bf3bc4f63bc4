// Rotates (SDM vol. 2, RCL/RCR/ROL/ROR). Only CF and OF change; OF is defined for a count of 1, and the same formula over the
// result is used for all counts. ROL and ROR by a multiple of the width leave the value but set CF.

import type { Builder, Semantics, Values } from '../builder/builder.ts';
import type { Insn, Size } from '../builder/insn.ts';
import { lessOne, restOf, shiftCount, unlessZero } from './shift-count.ts';

const widthOf = (size: Size): number => 8 * size;

/** The two top bits differ: OF of the rotates to the right. */
function topBitsDiffer<T extends Values>(b: Builder<T>, size: Size, x: T['value']): T['condition'] {
  return b.xorC(b.bitAt(x, widthOf(size) - 1), b.bitAt(x, widthOf(size) - 2));
}

export const ROL: Semantics = (b, i) => {
  const width = widthOf(i.size);
  const x = b.readForWrite(i.dst);
  const count = shiftCount(b, i, i.src);
  const n = b.and(count, b.constant(1, width - 1));
  const result = b.or(b.shl(i.size, x, n), b.shr(i.size, x, restOf(b, width, n)));
  b.write(i.dst, result);
  unlessZero(b, i, i.src, count, () => {
    const carry = b.bitAt(result, 0);
    b.flags.setCarry(carry);
    b.flags.setOverflow(b.xorC(carry, b.signBit(i.size, result)));
  });
};

export const ROR: Semantics = (b, i) => {
  const width = widthOf(i.size);
  const x = b.readForWrite(i.dst);
  const count = shiftCount(b, i, i.src);
  const n = b.and(count, b.constant(1, width - 1));
  const result = b.or(b.shr(i.size, x, n), b.shl(i.size, x, restOf(b, width, n)));
  b.write(i.dst, result);
  unlessZero(b, i, i.src, count, () => {
    b.flags.setCarry(b.signBit(i.size, result));
    b.flags.setOverflow(topBitsDiffer(b, i.size, result));
  });
};

/** Rotating through carry has width + 1 positions; only bytes and words can go round more than once. */
function carryCount<T extends Values>(b: Builder<T>, i: Insn): T['value'] {
  const n = shiftCount(b, i, i.src);
  return i.size <= 2 ? b.modulo(n, widthOf(i.size) + 1) : n;
}

export const RCL: Semantics = (b, i) => {
  const width = widthOf(i.size);
  const x = b.readForWrite(i.dst);
  const n = carryCount(b, i);
  const carryIn = b.fromCondition(b.flags.carry());
  const upper = b.or(b.shl(i.size, x, n), b.shl(i.size, carryIn, lessOne(b, n)));
  const result = b.or(upper, b.shr(i.size, x, restOf(b, width + 1, n)));
  b.write(i.dst, result);
  b.when(b.notC(b.isZero(n)), () => {
    const carry = b.signBit(i.size, b.shl(i.size, x, lessOne(b, n)));
    b.flags.setCarry(carry);
    b.flags.setOverflow(b.xorC(carry, b.signBit(i.size, result)));
  });
};

export const RCR: Semantics = (b, i) => {
  const width = widthOf(i.size);
  const x = b.readForWrite(i.dst);
  const n = carryCount(b, i);
  const carryIn = b.fromCondition(b.flags.carry());
  const lower = b.or(b.shr(i.size, x, n), b.shl(i.size, carryIn, restOf(b, width, n)));
  const result = b.or(lower, b.shl(i.size, x, restOf(b, width + 1, n)));
  b.write(i.dst, result);
  b.when(b.notC(b.isZero(n)), () => {
    b.flags.setCarry(b.bitAt(b.shr(i.size, x, lessOne(b, n)), 0));
    b.flags.setOverflow(topBitsDiffer(b, i.size, result));
  });
};
