// The measuring itself, with a clock that the subjects move: no real time is involved.

import { describe, expect, it } from 'vitest';
import type { Subject } from '../../bench/harness/benchmark.ts';
import { measure, type Effort } from '../../bench/harness/measure.ts';
import { formatFigures, formatTable, si } from '../../bench/harness/report.ts';
import { median, relativeSpread } from '../../bench/harness/statistics.ts';

const EFFORT: Effort = { warmUp: 1, rounds: 3, roundMs: 10 };

/** Subjects that take `ms` for each unit of work, and the order in which they ran. */
function simulated(speeds: Record<string, (now: number) => number>) {
  let now = 0;
  const calls: string[] = [];
  const subjects = Object.entries(speeds).map(
    ([name, ms]): Subject => ({
      name,
      run() {
        calls.push(name);
        now += 10 * ms(now);
        return 10;
      },
    }),
  );
  return { comparison: { title: 'simulated', unit: 'pages', subjects }, calls, clock: () => now };
}

describe('measure', () => {
  it('gives medians in units a second and ratios to the first', async () => {
    const { comparison, clock } = simulated({ base: () => 2, fast: () => 1, slow: () => 4 });
    const { measurements } = await measure(comparison, EFFORT, clock);
    expect(measurements).toEqual([
      { name: 'base', rate: 500, spread: 0, ratio: 1 },
      { name: 'fast', rate: 1000, spread: 0, ratio: 2 },
      { name: 'slow', rate: 250, spread: 0, ratio: 0.5 },
    ]);
  });

  it('interleaves, and turns the order every round', async () => {
    const { comparison, calls, clock } = simulated({ a: () => 1, b: () => 1 });
    await measure(comparison, EFFORT, clock);
    expect(calls.join('')).toBe('baabbaab');
  });

  it('keeps the ratio where the machine slows down between rounds', async () => {
    const slowing =
      (factor: number) =>
      (now: number): number =>
        factor * (1 + Math.floor(now / 120));
    const { comparison, clock } = simulated({ a: slowing(4), b: slowing(2) });
    const { measurements } = await measure(comparison, { warmUp: 0, rounds: 3, roundMs: 1 }, clock);
    expect(measurements[1]!.ratio).toBe(2);
  });

  it('leaves prepare out of the time, and awaits a promise', async () => {
    let now = 0;
    const subject: Subject = {
      name: 'a',
      prepare() {
        now += 1000;
      },
      async run() {
        await Promise.resolve();
        now += 10;
        return 5;
      },
    };
    const { measurements } = await measure({ title: '', unit: '', subjects: [subject] }, EFFORT, () => now);
    expect(measurements[0]!.rate).toBe(500);
  });

  it('refuses a subject that does nothing', async () => {
    const { comparison, clock } = simulated({ a: () => 1 });
    const run = (): number => {
      comparison.subjects[0]!.run();
      return 0;
    };
    const idle = { ...comparison, subjects: [{ name: 'idle', run }] };
    await expect(measure(idle, EFFORT, clock)).rejects.toThrow("'idle' did no work");
  });
});

describe('statistics', () => {
  it.each([
    [[3], 3],
    [[1, 9], 5],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
  ])('median of %j', (values, expected) => {
    expect(median(values)).toBe(expected);
  });
  it('spread is half the interquartile distance over the median', () => {
    expect(relativeSpread([10, 10, 10])).toBe(0);
    expect(relativeSpread([8, 9, 10, 11, 12])).toBeCloseTo(0.1);
  });
});

describe('report', () => {
  it.each([
    [0.5, '0.500 '],
    [12, '12.0 '],
    [1234, '1.23 k'],
    [5e6, '5.00 M'],
    [2.5e9, '2.50 G'],
  ])('%d', (value, text) => {
    expect(si(value)).toBe(text);
  });

  it('is an aligned table', () => {
    const measurements = [
      { name: 'off', rate: 2e6, spread: 0.011, ratio: 1 },
      { name: 'by PML', rate: 1.9e6, spread: 0.2, ratio: 0.95 },
    ];
    expect(formatTable({ title: 'tracking', unit: 'pages', rounds: 11, measurements })).toBe(
      [
        'tracking (median of 11 interleaved rounds)',
        '           pages/s    spread   ratio',
        '  off       2.00 M    ±1.1 %   1.00×',
        '  by PML    1.90 M   ±20.0 %   0.95×',
        '',
      ].join('\n'),
    );
  });
});

describe('figures', () => {
  it('are aligned, three significant digits each, whole numbers as they are', () => {
    const rows = [
      ['one', 1.23456, 4096],
      ['another', 0.00123456, 1],
    ];
    const text = formatFigures({ title: 'Costs', columns: ['', 'µs', 'pages'], rows });
    expect(text.split('\n')).toEqual([
      'Costs',
      '                 µs   pages',
      '  one          1.23    4096',
      '  another   0.00123       1',
      '',
    ]);
  });
});
