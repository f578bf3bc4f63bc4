// Wide accesses to 8-bit devices. An ISA bus breaks an access that is wider than its target into byte cycles at consecutive
// ports, lowest first (IEEE P996 draft, "Data bus conversion"); what no register answers floats to ones.

import type { AccessWidth } from '../base/device.ts';

/** Reads `width` bytes from `offset` of a device of `length` byte registers. */
export function readByBytes(offset: number, width: AccessWidth, length: number, readByte: (offset: number) => number): number {
  let value = 0;
  for (let i = 0; i < width; i++) value += (offset + i < length ? readByte(offset + i) : 0xff) * 2 ** (8 * i);
  return value;
}

/** Writes the `width` low bytes of `value` to `offset` and the registers after it; those beyond `length` are dropped. */
export function writeByBytes(
  offset: number,
  width: AccessWidth,
  value: number,
  length: number,
  writeByte: (offset: number, value: number) => void,
): void {
  for (let i = 0; i < width && offset + i < length; i++) writeByte(offset + i, Math.floor(value / 2 ** (8 * i)) % 256);
}
