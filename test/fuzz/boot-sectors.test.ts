// Random boot sectors by both engines in lockstep: ten thousand others in boot-sectors.long.ts.

import { describe, expect, it } from 'vitest';
import { bootPair, bootSector, runSector } from './boot-sectors/run.ts';

describe('random boot sectors, both engines', () => {
  it('fifty', () => {
    const pair = bootPair('auto');
    let retired = 0;
    for (let seed = 1; seed <= 50; seed++) retired += runSector(pair, seed, 400).retired;
    expect(retired).toBeGreaterThan(5_000);
  });

  it('some from the reset vector', () => {
    let retired = 0;
    for (let seed = 1; seed <= 2; seed++) retired += bootSector(seed, 10_000).retired;
    expect(retired).toBeGreaterThan(1_000);
  });
});
