// A whole pass of Debian's memtest86+ over 16 MiB: the heaviest dirtier of pages there is, every cycle held against the shadow of
// all memory. And its first tests under the interpreter, which must show what the translator shows, to the byte.

import { describe, expect } from 'vitest';
import { hashMemory } from '../../src/snapshot/hash.ts';
import { itNeeding } from '../support/skip.ts';
import { IMAGES } from './memtest.ts';
import { watch } from './run.ts';

/** A pass takes some 31,000 million instructions, half of which wait for bits to fade. */
const PASS_LIMIT = 60e9;
const PASS_EVERY = 25e6;
/** All of tests 0 to 3 and some of test 4. */
const BOTH_ENGINES = 600e6;
const BOTH_EVERY = 10e6;

describe.each(IMAGES)('memtest86+ %s', (_name, image) => {
  describe.each(['write-protect', 'pml'] as const)('tracked by %s', (tracking) => {
    itNeeding(image.path !== null, image.reason)('completes a pass without an error', () => {
      const { memtest, progress, tests, patterns, dirty, comparisons } = watch(image, {
        config: { engine: 'auto', tracking },
        every: PASS_EVERY,
        limit: PASS_LIMIT,
        until: ({ passes }) => passes > 0,
      });
      expect(progress).toMatchObject({ passes: 1, errors: 0 });
      expect(memtest.lines[7]).toMatch(/Status: Pass/);
      // Tests that are done within the second between two screens may not be seen.
      expect(tests).toEqual(expect.arrayContaining([0, 4, 5, 6, 7, 9, 10]));
      expect(patterns.size).toBeGreaterThan(20);
      expect(comparisons).toBeGreaterThan(500);
      expect(dirty).toBeGreaterThan(1e6);
    });

    itNeeding(image.path !== null, image.reason)('shows under the interpreter what it shows translated', () => {
      const run = (engine: 'auto' | 'interpreter') =>
        watch(image, { config: { engine, tracking }, every: BOTH_EVERY, limit: BOTH_ENGINES });
      const interpreted = run('interpreter');
      const translated = run('auto');
      expect(interpreted.tests.length).toBeGreaterThan(1);
      expect(interpreted.progress).toMatchObject({ passes: 0, errors: 0 });
      expect(translated.memtest.serial).toBe(interpreted.memtest.serial);
      expect(hashMemory(translated.memtest.vm)).toBe(hashMemory(interpreted.memtest.vm));
    });
  });
});
