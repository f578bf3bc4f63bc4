// The tests over random programs. A failure shrinks to few statements; what is found becomes a named test in
// test/translator/regressions.test.ts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrackingMethod } from '../../../src/mmu/tracking.ts';
import { runRandom } from './random.ts';
import type { Setting } from './layout.ts';

const SETTINGS: readonly (Setting & { readonly title: string })[] = [
  { title: '32-bit code, ring 0', width: 32, ring: 0 },
  { title: '32-bit code, ring 3', width: 32, ring: 3 },
  { title: '64-bit code, ring 0', width: 64, ring: 0 },
  { title: '64-bit code, ring 3', width: 64, ring: 3 },
  { title: '64-bit code at negative addresses, ring 0', width: 64, ring: 0, high: true },
];

const genes = fc.array(fc.nat(0xffff), { minLength: 1, maxLength: 16, size: 'max' });
const genome = fc.noBias(fc.array(genes, { minLength: 1, maxLength: 60, size: 'max' }));
const tracking = fc.constantFrom<TrackingMethod>('none', 'write-protect', 'pml');

/** `programs` for each setting, the first of them by `seed`. */
export function describeRandom(programs: number, seed: number): void {
  describe.each(SETTINGS)('$title', ({ title: _title, ...setting }) => {
    it('does the same by both engines', () => {
      const retired = { translated: 0, interpreted: 0 };
      fc.assert(fc.property(genome, fc.nat(0xffff), tracking, fc.constantFrom(0, 50, 333), (program, choice, method, period) => {
        const end = runRandom({ setting, genome: program, seed: choice, tracking: method, period });
        retired.translated += end.translated;
        retired.interpreted += end.interpreted;
      }), { numRuns: programs, seed: seed + setting.width + setting.ring });
      // Short slices are the interpreter's, and so is what faults; the rest is enough to be worth comparing.
      expect(retired.translated).toBeGreaterThan(1000 * programs);
    });
  });
}
