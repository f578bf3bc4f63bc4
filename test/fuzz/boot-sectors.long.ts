// Ten thousand random boot sectors by both engines in lockstep. SECTORS_SEED looks elsewhere, SECTORS longer.

import { describe, expect, it } from 'vitest';
import { bootPair, bootSector, runSector } from './boot-sectors/run.ts';

const FIRST = Number(process.env['SECTORS_SEED'] ?? 1_000);
const BATCH = 1_000;
const BATCHES = Math.ceil(Number(process.env['SECTORS'] ?? 10_000) / BATCH);
const LIMIT = 2_000;

describe('random boot sectors, both engines', () => {
  it.each(Array.from({ length: BATCHES }, (_, n) => FIRST + n * BATCH))('seeds from %i', (first) => {
    const pair = bootPair(first % (5 * BATCH) === 0 ? 'translator' : 'auto');
    const ends = new Set<string>();
    let retired = 0;
    for (let seed = first; seed < first + BATCH; seed++) {
      try {
        const end = runSector(pair, seed, LIMIT);
        retired += end.retired;
        ends.add(end.exit);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    expect(retired / BATCH).toBeGreaterThan(LIMIT / 10);
    expect(ends.size).toBeGreaterThan(1);
  });

  it('those from the reset vector that every test run leaves out', () => {
    let retired = 0;
    for (let seed = 3; seed <= 4; seed++) retired += bootSector(seed, 10_000).retired;
    expect(retired).toBeGreaterThan(500);
  });

  it('a hundred from the reset vector', () => {
    let retired = 0;
    for (let seed = FIRST; seed < FIRST + 100; seed++) retired += bootSector(seed, 50_000).retired;
    expect(retired).toBeGreaterThan(100_000);
  });
});
