// Debian's memtest86+ starts: its screen comes over the serial line, its first tests run, and no write is lost.

import { describe, expect } from 'vitest';
import { itNeeding } from '../support/skip.ts';
import { IMAGES } from './memtest.ts';
import { watch } from './run.ts';

/** It pauses for its user first, and then sends its screen once a second, which is 100 million instructions. */
const LIMIT = 1000e6;
const EVERY = 10e6;

/** Each image by each method. */
const cases = IMAGES.flatMap(([name, image]) => (['write-protect', 'pml'] as const).map((tracking) => [name, tracking, image] as const));

/** Defines the tests of all cases. */
export function describeStarts(): void {
  describe.each(cases)('memtest86+ %s tracked by %s', (name, tracking, image) => {
    itNeeding(image.path !== null, image.reason)('shows its screen and its progress, translated', () => {
      const { memtest, progress, tests, patterns, dirty } = watch(image, {
        config: { engine: 'auto', tracking },
        every: EVERY,
        limit: LIMIT,
        until: (_progress, seen) => seen.size > 1,
      });
      const { lines } = memtest;
      expect(lines[0]).toMatch(/^ +Memtest86\+ v\d+\.\d+ +\| Tidemark Virtual CPU$/);
      expect(lines[1]).toMatch(/^CLK\/Temp: (?:99|100)MHz +\| Pass +\d+%/);
      expect(lines[5]).toMatch(/^Memory +: +16MB /);
      expect(lines[24]).toMatch(name === 'x64' ? /^ <ESC> Exit .*\.x64$/ : /^ <ESC> Exit .*\.x32$/);
      expect(progress).toMatchObject({ passes: 0, errors: 0 });
      expect(tests[0]).toBe(0);
      expect(patterns.size).toBe(2);
      expect(dirty).toBeGreaterThan(4096);
    });
  });
}
