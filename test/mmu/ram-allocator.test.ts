import { describe, expect, it } from 'vitest';
import { placeSlot } from '../../src/mmu/ram-allocator.ts';
import { MIB } from './support.ts';

const extent = (start: number, end: number) => ({ hostOffset: start * MIB, memorySize: (end - start) * MIB });

describe('placing a slot', () => {
  it.each([
    // taken (MiB), GPA, size, placed at (MiB), or -1; the region is 1 … 20 MiB
    ['the start', [], 0, 1, 1],
    ['behind what is there', [[1, 4]], 0, 1, 4],
    [
      'the first gap that is large enough',
      [
        [1, 2],
        [3, 4],
        [6, 7],
      ],
      0,
      1.5,
      4,
    ],
    [
      'whatever order the list is in',
      [
        [6, 7],
        [1, 2],
        [3, 4],
      ],
      0,
      1,
      2,
    ],
    ['aligned with its GPA', [], 0, 2, 2],
    ['congruent to its GPA', [], 3, 2, 1],
    [
      'a gap that fits only aligned',
      [
        [1, 3],
        [9, 20],
      ],
      0,
      5,
      4,
    ],
    [
      'not aligned when only so it fits',
      [
        [1, 3],
        [9, 20],
      ],
      0,
      6,
      3,
    ],
    ['the whole region', [], 0, 19, 1],
    ['nowhere', [[10, 11]], 0, 10, -1],
  ] as const)('%s', (_what, taken, gpa, size, expected) => {
    const at = placeSlot(
      MIB,
      20 * MIB,
      taken.map(([start, end]) => extent(start, end)),
      gpa * MIB,
      size * MIB,
    );
    expect(at).toBe(expected < 0 ? -1 : expected * MIB);
  });
});
