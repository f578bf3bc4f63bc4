// Decimal adjustments (SDM vol. 2, DAA DAS AAA AAS AAM AAD). What the SDM leaves undefined: OF is cleared throughout; AAA and
// AAS take SF ZF PF from AL; AAM and AAD clear CF and AF.

import type { Builder, Semantics, Values } from '../builder/builder.ts';
import { RAX } from './registers.ts';

/** The low digit needs adjustment: it is above 9, or AF. */
function lowDigitOver<T extends Values>(b: Builder<T>, al: T['value']): T['condition'] {
  return b.orC(b.lessUnsigned(1, b.constant(1, 9), b.and(al, b.constant(1, 15))), b.flags.adjust());
}

/** The high digit needs adjustment: AL is above 99h, or CF. */
function highDigitOver<T extends Values>(b: Builder<T>, al: T['value']): T['condition'] {
  return b.orC(b.lessUnsigned(1, b.constant(1, 0x99), al), b.flags.carry());
}

/** 6, 60h, both or neither. */
function correction<T extends Values>(b: Builder<T>, low: T['condition'], high: T['condition']): T['value'] {
  const zero = b.constant(1, 0);
  return b.or(b.select(low, b.constant(1, 6), zero), b.select(high, b.constant(1, 0x60), zero));
}

/** A carry out of AL + 6 needs no check of its own: AL is above 99h then. */
export const DAA: Semantics = (b) => {
  const al = b.readRegister(1, RAX);
  const low = lowDigitOver(b, al);
  const high = highDigitOver(b, al);
  const result = b.add(1, al, correction(b, low, high));
  b.writeRegister(1, RAX, result);
  b.flags.result(1, result, high, b.never(), low);
};

/** A borrow of AL - 6 sets CF even when the high digit needs nothing. */
export const DAS: Semantics = (b) => {
  const al = b.readRegister(1, RAX);
  const low = lowDigitOver(b, al);
  const high = highDigitOver(b, al);
  const borrow = b.andC(low, b.lessUnsigned(1, al, b.constant(1, 6)));
  const result = b.sub(1, al, correction(b, low, high));
  b.writeRegister(1, RAX, result);
  b.flags.result(1, result, b.orC(high, borrow), b.never(), low);
};

/** AX plus or minus 106h when the digit needs it, and of AL only the digit. */
function adjustDigit<T extends Values>(b: Builder<T>, step: number): void {
  const over = lowDigitOver(b, b.readRegister(1, RAX));
  const adjusted = b.add(2, b.readRegister(2, RAX), b.select(over, b.constant(2, step), b.constant(2, 0)));
  const result = b.and(adjusted, b.constant(2, 0xff0f));
  b.writeRegister(2, RAX, result);
  b.flags.result(1, b.truncate(1, result), over, b.never(), over);
}

export const AAA: Semantics = (b) => adjustDigit(b, 0x106);
export const AAS: Semantics = (b) => adjustDigit(b, -0x106);

/** #DE when the base is 0. */
export const AAM: Semantics = (b, i) => {
  const [quotient, remainder] = b.divideUnsigned(1, b.constant(1, 0), b.readRegister(1, RAX), b.read(i.dst));
  b.writeRegister(1, RAX, remainder);
  b.writeHighByte(RAX, quotient);
  b.flags.result(1, remainder, b.never(), b.never(), b.never());
};

export const AAD: Semantics = (b, i) => {
  const result = b.add(1, b.readRegister(1, RAX), b.mul(1, b.readHighByte(RAX), b.read(i.dst)));
  b.writeRegister(2, RAX, result);
  b.flags.result(1, result, b.never(), b.never(), b.never());
};
