// Addition, subtraction and comparison (SDM vol. 2, ADD ADC SUB SBB CMP INC DEC NEG).

import type { Semantics } from '../builder/builder.ts';

export const ADD: Semantics = (b, i) => {
  const x = b.readForWrite(i.dst);
  const y = b.read(i.src);
  const sum = b.add(i.size, x, y);
  b.write(i.dst, sum);
  b.flags.add(i.size, x, y, sum);
};

export const ADC: Semantics = (b, i) => {
  const x = b.readForWrite(i.dst);
  const y = b.read(i.src);
  const sum = b.add(i.size, b.add(i.size, x, y), b.fromCondition(b.flags.carry()));
  b.write(i.dst, sum);
  b.flags.add(i.size, x, y, sum);
};

export const SUB: Semantics = (b, i) => {
  const x = b.readForWrite(i.dst);
  const y = b.read(i.src);
  const difference = b.sub(i.size, x, y);
  b.write(i.dst, difference);
  b.flags.sub(i.size, x, y, difference);
};

export const SBB: Semantics = (b, i) => {
  const x = b.readForWrite(i.dst);
  const y = b.read(i.src);
  const difference = b.sub(i.size, b.sub(i.size, x, y), b.fromCondition(b.flags.carry()));
  b.write(i.dst, difference);
  b.flags.sub(i.size, x, y, difference);
};

export const CMP: Semantics = (b, i) => {
  const x = b.read(i.dst);
  const y = b.read(i.src);
  b.flags.sub(i.size, x, y, b.sub(i.size, x, y));
};

export const INC: Semantics = (b, i) => {
  const x = b.readForWrite(i.dst);
  const result = b.add(i.size, x, b.constant(i.size, 1));
  b.write(i.dst, result);
  b.flags.inc(i.size, x, result);
};

export const DEC: Semantics = (b, i) => {
  const x = b.readForWrite(i.dst);
  const result = b.sub(i.size, x, b.constant(i.size, 1));
  b.write(i.dst, result);
  b.flags.dec(i.size, x, result);
};

/** 0 - x: CF tells that x was not 0, as a borrow does. */
export const NEG: Semantics = (b, i) => {
  const x = b.readForWrite(i.dst);
  const zero = b.constant(i.size, 0);
  const result = b.sub(i.size, zero, x);
  b.write(i.dst, result);
  b.flags.sub(i.size, zero, x, result);
};
