// A user's own test of a kernel, in Vitest.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runGuest } from './run-guest.ts';

it('the kernel says what it must', () => {
  const image = readFileSync('node_modules/tidemark/guests/sieve/sieve-64.elf');
  expect(runGuest('sieve-64.elf', image, 'scale=1').text).toContain('sieve: done');
});
