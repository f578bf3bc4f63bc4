// What a benchmark is. Each bench/NAME.bench.ts exports one as its default; `npm run bench -- NAME` runs it.

import type { Effort } from './measure.ts';

/** One of the things compared. */
export interface Subject {
  readonly name: string;
  /**
   * Does a piece of work worth at least a millisecond and returns how much it was, in the comparison's unit (retired
   * instructions, pages, bytes …). It is called often, so it must leave things as it found them.
   */
  run(): number | Promise<number>;
  /** Called before each timed piece, outside the measured time, with what `run` must not be charged for. */
  prepare?(): void | Promise<void>;
}

/** Subjects measured against each other, in turn; the first is the one that ratios refer to. */
export interface Comparison {
  readonly title: string;
  /** What `run` counts, such as 'instructions'. */
  readonly unit: string;
  readonly subjects: readonly Subject[];
}

/** Numbers that stand for themselves, such as a cost in several parts. The first cell of a row is its name. */
export interface FigureTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** The options of one benchmark: words after `--NAME`, commas between them, or `true` for one without words. */
export type Choices = { readonly [option: string]: readonly string[] | true | undefined };

/** Has comparisons, figures, or both. */
export interface Benchmark {
  /** What is measured, and what the numbers mean. */
  readonly description: string;
  /** Options that it has besides those of all benchmarks. */
  readonly options?: readonly string[];
  /** Builds the comparisons; called once, in a process that runs nothing else. */
  comparisons?(): readonly Comparison[] | Promise<readonly Comparison[]>;
  /** Measures by itself, with `effort`; called once, after the comparisons. */
  figures?(effort: Effort, choices: Choices): readonly FigureTable[] | Promise<readonly FigureTable[]>;
  /** What a process does that the benchmark itself has started (harness/child.ts), and what it answers. */
  child?(task: unknown): unknown;
}
