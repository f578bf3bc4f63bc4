// The tests over random instructions in every mode. A failure names the seed; what is found becomes a named test.

import { expect, it } from 'vitest';
import type { TrackingMethod } from '../../../src/mmu/tracking.ts';
import type { Mode } from './modes.ts';
import { makePair, runSoup } from './run.ts';
import type { SoupEnd } from './run.ts';

interface Setting {
  readonly engine: 'auto' | 'translator';
  readonly tracking: TrackingMethod;
  readonly period: number;
}

/** One machine in six translates everything before it runs once: what pays least and is most severe. */
const SETTINGS: readonly Setting[] = [
  { engine: 'auto', tracking: 'none', period: 0 },
  { engine: 'auto', tracking: 'write-protect', period: 333 },
  { engine: 'translator', tracking: 'pml', period: 1013 },
  { engine: 'auto', tracking: 'none', period: 0 },
  { engine: 'auto', tracking: 'pml', period: 50 },
  { engine: 'auto', tracking: 'none', period: 4001 },
];
/** Soups run by one pair of machines. */
const SOUPS = 12;

/** At least `instructions` random ones in each of `modes`, those of handlers not counted; the soups' seeds begin at `firstSeed`. */
export function describeModes(modes: readonly Mode[], instructions: number, firstSeed: number, limit: number): void {
  it.each(modes)('$title', (mode) => {
    const sum: Record<keyof SoupEnd, number> = { executed: 0, faults: 0, translated: 0, interpreted: 0, slices: 0, inMode: 0 };
    let seed = firstSeed;
    while (sum.executed < instructions) {
      const { engine, tracking, period } = SETTINGS[((seed - firstSeed) / SOUPS) % SETTINGS.length]!;
      const pair = makePair(tracking, period, engine);
      for (let n = 0; n < SOUPS && sum.executed < instructions; n++, seed++) {
        try {
          const end = runSoup(pair, mode, seed, engine === 'translator' ? limit / 8 : limit);
          for (const key of Object.keys(sum) as (keyof SoupEnd)[]) sum[key] += end[key];
        } catch (error) {
          throw new Error(`seed ${seed} with ${engine}, ${tracking}, a timer of ${period}`, { cause: error });
        }
      }
    }
    // Enough of it in the mode and in its handlers, and by the engine that is tested.
    expect(sum.inMode / sum.slices).toBeGreaterThan(0.4);
    if (instructions >= 1e6) expect(sum.translated / (sum.translated + sum.interpreted)).toBeGreaterThan(0.1);
  });
}
