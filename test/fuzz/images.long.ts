import { describe, expect, it } from 'vitest';
import { everything, runOne } from './run-one.ts';

// Ten thousand random images; the suite of every test run has a hundred and fifty others.

const FIRST = 150;
const BATCHES = 22;
const BATCH = 500;

describe('random images', () => {
  it.each(Array.from({ length: BATCHES }, (_, n) => FIRST + n * BATCH))('seeds from %i', (first) => {
    for (let seed = first; seed < first + BATCH; seed++) {
      try {
        runOne(seed);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
  });

  it.each(Array.from({ length: 11 }, (_, n) => 50 + n * 100))('both engines do the same with seeds from %i', (first) => {
    for (let seed = first; seed < first + 100; seed++) {
      expect(everything(runOne(seed, { engine: 'translator', limit: 600 })), `seed ${seed}`).toEqual(
        everything(runOne(seed, { engine: 'interpreter', limit: 600 })),
      );
    }
  });
});
