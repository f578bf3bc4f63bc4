// Page tables over the first megabyte, and again at 8 MiB, by the same lowest tables.

import { CODE, DATA, DEVICE_GPA, EXTRA, PAGE, STACK, TABLES } from './layout.ts';
import type { Image } from './layout.ts';

export type Paging = 'none' | 'two-level' | 'PAE' | 'four-level';

const P = 1;
const W = 2;
const U = 4;
/** Of the first eight pages of DATA, which come again and again; the last is a device. */
const WINDOW = [P | W | U, P | W | U, P | U, 0, P | W | U, P | W, P | W | U, P | W | U];
const DEVICE_PAGE = 7;
const ALIAS_MIB = 8;

const isUser = (gpa: number): boolean => [CODE, STACK, EXTRA].some((base) => gpa >= base && gpa < base + 0x10000);

function leaf(gpa: number): number {
  const page = ((gpa - DATA) / PAGE) % WINDOW.length;
  if (gpa < DATA || gpa >= STACK) return gpa | P | W | (isUser(gpa) ? U : 0);
  return ((page === DEVICE_PAGE ? DEVICE_GPA : gpa) | WINDOW[page]!) >>> 0;
}

/** Directories above the lowest table, from the top: entries are of 8 bytes but for two-level paging. */
export function putPageTables(image: Image, paging: Exclude<Paging, 'none'>): void {
  const { view } = image;
  const bytes = paging === 'two-level' ? 4 : 8;
  const upper = paging === 'four-level' ? 2 : paging === 'PAE' ? 1 : 0;
  const put = (table: number, index: number, entry: number): void => view.setUint32(TABLES + table * PAGE + index * bytes, entry, true);
  const point = (to: number, rights: number): number => (TABLES + to * PAGE) | rights;
  // A PDPTE of PAE paging has P alone.
  for (let n = 0; n < upper; n++) put(n, 0, point(n + 1, paging === 'PAE' ? P : P | W | U));
  const perEntry = paging === 'two-level' ? 4 : 2;
  for (const mib of [0, ALIAS_MIB]) put(upper, mib / perEntry, point(upper + 1, P | W | U));
  for (let gpa = 0; gpa < 0x100000; gpa += PAGE) put(upper + 1, gpa / PAGE, leaf(gpa));
}
