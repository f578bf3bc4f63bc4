import { describe, expect, it } from 'vitest';
import { everything, runOne } from './run-one.ts';

// Ten thousand random images; the suite of every test run has fifty others.

const FIRST = 50;
const BATCHES = 23;
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

  it.each(Array.from({ length: 12 }, (_, n) => 25 + n * 100))('both engines do the same with seeds from %i', (first) => {
    for (let seed = first; seed < first + 100; seed++) {
      expect(everything(runOne(seed, { engine: 'translator', limit: 600 })), `seed ${seed}`).toEqual(
        everything(runOne(seed, { engine: 'interpreter', limit: 600 })),
      );
    }
  });
});
