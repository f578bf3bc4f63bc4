// Double shifts (SDM vol. 2, SHLD SHRD). A count above 16 for a word is undefined there. Processors then shift dst:src:dst, and
// so does this. OF is defined for a count of 1; AF is undefined, and cleared.

import type { Builder, Semantics, Values } from '../builder/builder.ts';
import type { Size } from '../builder/insn.ts';
import { lessOne, restOf, shiftCount, unlessZero } from './shift-count.ts';

/** The top `size` bytes of x:y << n. */
function shiftLeft<T extends Values>(b: Builder<T>, size: Size, x: T['value'], y: T['value'], n: T['value']): T['value'] {
  const shifted = b.or(b.shl(size, x, n), b.shr(size, y, restOf(b, 8 * size, n)));
  if (size !== 2) return shifted;
  const beyond = b.sub(1, n, b.constant(1, 16));
  return b.or(shifted, b.or(b.shl(2, y, beyond), b.shr(2, x, restOf(b, 32, n))));
}

/** The low `size` bytes of y:x >> n. */
function shiftRight<T extends Values>(b: Builder<T>, size: Size, x: T['value'], y: T['value'], n: T['value']): T['value'] {
  const shifted = b.or(b.shr(size, x, n), b.shl(size, y, restOf(b, 8 * size, n)));
  if (size !== 2) return shifted;
  const beyond = b.sub(1, n, b.constant(1, 16));
  return b.or(shifted, b.or(b.shr(2, y, beyond), b.shl(2, x, restOf(b, 32, n))));
}

export const SHLD: Semantics = (b, i) => {
  const x = b.readForWrite(i.dst);
  const y = b.read(i.src);
  const n = shiftCount(b, i, i.third);
  const result = shiftLeft(b, i.size, x, y, n);
  b.write(i.dst, result);
  unlessZero(b, i, i.third, n, () => {
    const carry = b.signBit(i.size, shiftLeft(b, i.size, x, y, lessOne(b, n)));
    b.flags.result(i.size, result, carry, b.xorC(carry, b.signBit(i.size, result)), b.never());
  });
};

export const SHRD: Semantics = (b, i) => {
  const x = b.readForWrite(i.dst);
  const y = b.read(i.src);
  const n = shiftCount(b, i, i.third);
  const result = shiftRight(b, i.size, x, y, n);
  b.write(i.dst, result);
  unlessZero(b, i, i.third, n, () => {
    const before = shiftRight(b, i.size, x, y, lessOne(b, n));
    const overflow = b.xorC(b.signBit(i.size, before), b.signBit(i.size, result));
    b.flags.result(i.size, result, b.bitAt(before, 0), overflow, b.never());
  });
};
