// Whole pages are compared by words, eight at a time: these comparisons are what oracles and snapshots cost.

import { PAGE_SIZE } from './paging-units.ts';

const WORDS = PAGE_SIZE / 4;

/** The page's bytes as 32-bit words; a page lies at a multiple of 4 in its buffer. */
export const wordsOf = (page: Uint8Array): Int32Array => new Int32Array(page.buffer, page.byteOffset, WORDS);

/** Whether all words of a page are 0. */
export function allZero(words: Int32Array): boolean {
  for (let n = 0; n < WORDS; n += 8) {
    const bits = words[n] | words[n + 1] | words[n + 2] | words[n + 3] | words[n + 4] | words[n + 5] | words[n + 6] | words[n + 7];
    if (bits !== 0) return false;
  }
  return true;
}

/** Whether two pages have the same words. */
export function sameWords(x: Int32Array, y: Int32Array): boolean {
  for (let n = 0; n < WORDS; n += 8) {
    const low = (x[n] ^ y[n]) | (x[n + 1] ^ y[n + 1]) | (x[n + 2] ^ y[n + 2]) | (x[n + 3] ^ y[n + 3]);
    const high = (x[n + 4] ^ y[n + 4]) | (x[n + 5] ^ y[n + 5]) | (x[n + 6] ^ y[n + 6]) | (x[n + 7] ^ y[n + 7]);
    if ((low | high) !== 0) return false;
  }
  return true;
}
