// Addresses and ranges as options give them. Each throws InputError with a message that reads on after "option '--name': ".

import { InputError } from '../../base/errors.ts';
import { PAGE_MASK, PAGE_SIZE } from '../../base/paging-units.ts';
import { parseInteger } from '../values.ts';
import type { Range } from './views/memory.ts';

/** GPAs have 40 bits. */
const MAX_GPA = 2 ** 40 - 1;
const CANONICAL = 2n ** 47n;

/** A linear address, canonical; the high half is negative. */
export function parseLinear(text: string): number {
  if (!/^(\d+|0x[0-9a-f]+)$/i.test(text)) throw new InputError(`'${text}' is not an address such as 0x1000`);
  const value = BigInt.asIntN(64, BigInt(text));
  if (BigInt(text) >= 2n ** 64n || value < -CANONICAL || value >= CANONICAL)
    throw new InputError(`${text} is not a canonical linear address`);
  return Number(value);
}

export const parseGpa = (text: string): number => parseInteger(text, 0, MAX_GPA);

/** `ADDRESS` or `ADDRESS,COUNT`. Without COUNT: `length` bytes, or with null the whole page of the address. */
export const range =
  (parse: (text: string) => number, most: number, length: number | null) =>
  (text: string): Range => {
    const [first = '', count, ...extra] = text.split(',');
    if (extra.length > 0) throw new InputError(`'${text}' is not an address, or an address and a count of bytes with a comma between`);
    const start = parse(first);
    if (count !== undefined) return { start, length: parseInteger(count, 1, most) };
    // Of a negative number too, the low bits are those of the address.
    return length === null ? { start: start - (start & PAGE_MASK), length: PAGE_SIZE } : { start, length };
  };

/** `A,B`: two cycles. */
export function parseCycles(text: string): readonly [number, number] {
  const [from, to, ...extra] = text.split(',').map((part) => parseInteger(part, 0, Number.MAX_SAFE_INTEGER));
  if (from === undefined || to === undefined || extra.length > 0) throw new InputError(`'${text}' is not two cycles with a comma between`);
  return [from, to];
}
