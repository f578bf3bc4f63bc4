// Registers, whose 64-bit values are bigints, as plain data and back.

import type { StateValue } from '../base/device.ts';
import type { PlainRegisters } from './journal.ts';

const HEX = /^0x[0-9a-f]{1,16}$/;

/** Values of `Regs` or `Sregs` as plain data: bigints as hexadecimal text. */
export const toPlain = (values: object): PlainRegisters => plain(values) as PlainRegisters;

/** What `toPlain` was given. What looks like no hexadecimal text stays as it is. */
export const fromPlain = (values: PlainRegisters): object => parsed(values) as object;

function plain(value: unknown): StateValue {
  if (typeof value === 'bigint') return `0x${BigInt.asUintN(64, value).toString(16)}`;
  if (typeof value !== 'object' || value === null) return value as StateValue;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}

function parsed(value: unknown): unknown {
  if (typeof value === 'string') return HEX.test(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, parsed(field)]));
}
