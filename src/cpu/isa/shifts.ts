// Shifts (SDM vol. 2, SAL/SAR/SHL/SHR). CF is the last bit shifted out. OF is defined for a count of 1 only; the same formula
// over the last step of the shift is used for all counts. AF is undefined and cleared.

import type { Semantics } from '../builder/builder.ts';
import { lessOne, shiftCount, unlessZero } from './shift-count.ts';

export const SHL: Semantics = (b, i) => {
  const x = b.readForWrite(i.dst);
  const n = shiftCount(b, i, i.src);
  const result = b.shl(i.size, x, n);
  b.write(i.dst, result);
  unlessZero(b, i, i.src, n, () => {
    const carry = b.signBit(i.size, b.shl(i.size, x, lessOne(b, n)));
    b.flags.result(i.size, result, carry, b.xorC(carry, b.signBit(i.size, result)), b.never());
  });
};

export const SHR: Semantics = (b, i) => {
  const x = b.readForWrite(i.dst);
  const n = shiftCount(b, i, i.src);
  const result = b.shr(i.size, x, n);
  b.write(i.dst, result);
  unlessZero(b, i, i.src, n, () => {
    const before = b.shr(i.size, x, lessOne(b, n));
    b.flags.result(i.size, result, b.bitAt(before, 0), b.signBit(i.size, before), b.never());
  });
};

export const SAR: Semantics = (b, i) => {
  const x = b.readForWrite(i.dst);
  const n = shiftCount(b, i, i.src);
  const result = b.sar(i.size, x, n);
  b.write(i.dst, result);
  unlessZero(b, i, i.src, n, () => {
    b.flags.result(i.size, result, b.bitAt(b.sar(i.size, x, lessOne(b, n)), 0), b.never(), b.never());
  });
};
