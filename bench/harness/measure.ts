// Measures the subjects of a comparison in interleaved rounds: A B C, then C B A, and so on. What slows the machine for a while
// then slows all of them. Ratios are taken within a round, so they hold even where the rates drift.

import type { Comparison, Subject } from './benchmark.ts';
import { median, relativeSpread } from './statistics.ts';

export interface Effort {
  /** Rounds thrown away, for the JIT. */
  readonly warmUp: number;
  readonly rounds: number;
  /** Time for one subject in one round, in milliseconds; `run` is called until it is used up. */
  readonly roundMs: number;
}

export const NORMAL: Effort = { warmUp: 3, rounds: 11, roundMs: 150 };
export const QUICK: Effort = { warmUp: 1, rounds: 3, roundMs: 30 };

export interface Measurement {
  readonly name: string;
  /** Median over the rounds, in units a second. */
  readonly rate: number;
  /** Half the interquartile distance, relative to the median. */
  readonly spread: number;
  /** Median over the rounds of (rate / rate of the first subject in that round); 1 for the first. */
  readonly ratio: number;
}

export interface ComparisonResult {
  readonly title: string;
  readonly unit: string;
  readonly rounds: number;
  readonly measurements: readonly Measurement[];
}

/** Milliseconds from a fixed point, for tests to replace. */
export type Clock = () => number;

/** Measures `comparison`. A subject that does no work in a round is an error, since it has no rate. */
export async function measure(comparison: Comparison, effort: Effort, clock: Clock = () => performance.now()): Promise<ComparisonResult> {
  const { title, unit, subjects } = comparison;
  const rates = subjects.map((): number[] => []);
  for (let round = -effort.warmUp; round < effort.rounds; round++) {
    const order = subjects.map((_, index) => (round % 2 === 0 ? index : subjects.length - 1 - index));
    for (const index of order) {
      const rate = await measureRound(subjects[index]!, effort.roundMs, clock);
      if (round >= 0) rates[index]!.push(rate);
    }
  }
  const measurements = subjects.map(({ name }, index) => ({
    name,
    rate: median(rates[index]!),
    spread: relativeSpread(rates[index]!),
    ratio: median(rates[index]!.map((rate, round) => rate / rates[0]![round]!)),
  }));
  return { title, unit, rounds: effort.rounds, measurements };
}

/** Units a second over one round. */
async function measureRound(subject: Subject, roundMs: number, clock: Clock): Promise<number> {
  let work = 0;
  let spent = 0;
  do {
    await subject.prepare?.();
    const start = clock();
    const done = subject.run();
    // Awaiting a plain number would cost a turn of the event loop inside the measured time.
    work += typeof done === 'number' ? done : await done;
    spent += clock() - start;
  } while (spent < roundMs);
  if (!(work > 0)) throw new Error(`benchmark subject '${subject.name}' did no work`);
  return work / (spent / 1000);
}
