import { describe, expect, it } from 'vitest';
import { everything, runOne } from './run-one.ts';
import type { FuzzOutcome } from './run-one.ts';

// Random images never crash or hang the host. The long suite (images.long.ts) does the same with other seeds, and more of them.

const BATCH = 50;

describe('random images', () => {
  const outcomes: Omit<FuzzOutcome, 'vm'>[] = [];

  it('fifty seeds', () => {
    for (let seed = 0; seed < BATCH; seed++) {
      try {
        const { kind, end, retired } = runOne(seed);
        outcomes.push({ kind, end, retired });
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
  });

  it('do get somewhere', () => {
    const ran = outcomes.filter(({ kind, retired }) => kind !== 'guest' && retired > 500);
    expect(ran.length).toBeGreaterThan(outcomes.length / 5);
    expect(new Set(outcomes.map(({ end }) => end)).size).toBeGreaterThan(2);
  });

  it('the same seed gives the same run', () => {
    for (const seed of [3, 14, 15, 92]) expect(everything(runOne(seed))).toEqual(everything(runOne(seed)));
  });

  it('both engines do the same with half of them', () => {
    for (let seed = 0; seed < BATCH / 2; seed++) {
      expect(everything(runOne(seed, { engine: 'translator', limit: 120 })), `seed ${seed}`).toEqual(
        everything(runOne(seed, { engine: 'interpreter', limit: 120 })),
      );
    }
  });
});
