// The tests over random programs. A failure shrinks to few statements; what is found becomes a named test in
// test/translator/regressions.test.ts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrackingMethod } from '../../../src/mmu/tracking.ts';
import { runRandom } from './random.ts';
import type { Setting } from './layout.ts';

/** CS, DS and ES each by another base; the window ends within 64 KiB of DS in the middle of a page. */
const BASES = { code: 0x1fff0, data: 0x1fff0, extra: 0x24010, stack: 0x3d000 };

const SETTINGS: readonly (Setting & { readonly title: string })[] = [
  { title: '32-bit code, ring 0', width: 32, ring: 0 },
  { title: '32-bit code, ring 3', width: 32, ring: 3 },
  { title: '64-bit code, ring 0', width: 64, ring: 0 },
  { title: '64-bit code, ring 3', width: 64, ring: 3 },
  { title: '64-bit code at negative addresses, ring 0', width: 64, ring: 0, high: true },
  { title: 'real-address mode', width: 16, ring: 0, segments: { mode: 'real', ...BASES } },
  { title: 'unreal mode', width: 16, ring: 0, segments: { mode: 'unreal', ...BASES, code: 0x1d340 } },
  { title: 'virtual-8086 mode, IOPL 3', width: 16, ring: 3, segments: { mode: 'virtual-8086', ...BASES, iopl: 3 } },
  { title: 'virtual-8086 mode, IOPL 0', width: 16, ring: 3, segments: { mode: 'virtual-8086', ...BASES, code: 0x18000 } },
  { title: '16-bit protected mode, ring 0', width: 16, ring: 0, segments: { mode: 'protected', ...BASES } },
  {
    title: '16-bit protected mode, ring 3',
    width: 16,
    ring: 3,
    segments: { mode: 'protected', ...BASES, code: 0x18ab0, executeOnly: true },
  },
  { title: '16-bit code on a 32-bit stack', width: 16, ring: 3, segments: { mode: 'protected', ...BASES, stack16: false } },
  { title: '32-bit code in segments with bases, ring 0', width: 32, ring: 0, segments: { mode: 'protected', ...BASES, code: 0x1d340 } },
  {
    title: '32-bit code in segments with bases, ring 3',
    width: 32,
    ring: 3,
    segments: { mode: 'protected', ...BASES, dataLimit: 0xf123 },
  },
  {
    title: '32-bit code in segments that wrap at 4 GiB',
    width: 32,
    ring: 3,
    segments: { mode: 'protected', ...BASES, code: 0xfff00000, codeLimit: 0xffffffff, data: 0xffff0000, dataLimit: 0xffffffff },
  },
  { title: '32-bit code on a 16-bit stack', width: 32, ring: 0, segments: { mode: 'protected', ...BASES, stack16: true } },
];

const genes = fc.array(fc.nat(0xffff), { minLength: 1, maxLength: 16, size: 'max' });
const genome = fc.noBias(fc.array(genes, { minLength: 1, maxLength: 60, size: 'max' }));
const tracking = fc.constantFrom<TrackingMethod>('none', 'write-protect', 'pml');

/** `programs` for each flat setting, fewer for those in segments, which are many; the first of them by `seed`. */
export function describeRandom(programs: number, seed: number): void {
  describe.each(SETTINGS)('$title', ({ title: _title, ...setting }) => {
    it('does the same by both engines', () => {
      const retired = { translated: 0, interpreted: 0 };
      const numRuns = setting.segments ? Math.ceil(programs / 2) : programs;
      fc.assert(
        fc.property(genome, fc.nat(0xffff), tracking, fc.constantFrom(0, 50, 333), (program, choice, method, period) => {
          const end = runRandom({ setting, genome: program, seed: choice, tracking: method, period });
          retired.translated += end.translated;
          retired.interpreted += end.interpreted;
        }),
        { numRuns, seed: seed + setting.width + setting.ring },
      );
      // Short slices are the interpreter's, and so is what faults; the rest is enough to be worth comparing.
      expect(retired.translated).toBeGreaterThan(200 * numRuns);
    });
  });
}
