// A run with timer interrupts that is cut into slices.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashMemory } from '../../src/snapshot/hash.ts';
import { loadGuest } from '../guests/run-guest.ts';
import type { LoadedGuest } from '../guests/run-guest.ts';
import { ENGINE_NAMES } from './support.ts';

/** Everything that two equal runs have equal. */
export function finalState({ vm, output }: LoadedGuest): unknown {
  const { vcpus, ticks, turns, platform } = vm.save();
  return { registers: vcpus.map(({ registers }) => registers), ticks, turns, platform, memory: hashMemory(vm), output: output() };
}

/** Defines the tests: so many ways to cut it. */
export function describeCut(numRuns: number): void {
  describe.each(ENGINE_NAMES)('engine %s', (engine) => {
    it('however cut, a run with timer interrupts ends the same', () => {
      const load = (): LoadedGuest => loadGuest({ image: 'kernel32/kernel32.elf', append: 'hz=10000', engine });
      const whole = load();
      while (whole.vm.runSlice(1e8).exit.kind === 'limit');
      const expected = finalState(whole);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 1, maxLength: 8 }), (limits) => {
          const cut = load();
          // The largest slice ends the run; the small ones come again and again before.
          for (let n = 0; cut.vm.runSlice(n < 60 ? limits[n % limits.length] : 1e6).exit.kind === 'limit'; n++);
          expect(finalState(cut)).toEqual(expected);
        }),
        { numRuns, seed: 7 },
      );
    });
  });
}
