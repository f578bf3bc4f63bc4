// What is said when a run has ended: for people on stderr, or as JSON.

import type { Vm } from '../../vm/vm.ts';
import type { CliIo } from '../io.ts';
import type { SessionOptions } from '../session-options.ts';
import { failureText, summaryText, verifiedText } from './checkpoint-report.ts';
import type { CheckpointSummary } from './checkpoint-report.ts';
import type { Outcome } from './outcome.ts';
import { statsText } from './stats.ts';
import type { RunStats } from './stats.ts';

export interface ReportInput {
  readonly options: SessionOptions;
  readonly io: CliIo;
  readonly outcome: Outcome;
  /** What the machine said of its guest. */
  readonly notices: readonly string[];
  /** Null if they are not to be said here: nobody asked, or they are in a file. */
  readonly stats: RunStats | null;
  readonly vm: Vm;
  /** Instructions that the machine had retired before the run. */
  readonly before: bigint;
  /** Of the host's time. */
  readonly seconds: number;
  readonly checkpoints: CheckpointSummary | null;
  /** Cycles that --verify found right; null if it was not asked to look. */
  readonly verified: number | null;
  /** Files that could not be written, and why. */
  readonly unwritten: readonly string[];
}

export function writeReport(input: ReportInput): void {
  const { options, io, outcome, stats } = input;
  if (options.json) {
    const stream = options.serial.kind === 'stdio' || options.debugcon?.kind === 'stdio' ? io.stderr : io.stdout;
    stream.write(`${json(jsonReport(input))}\n`);
    return;
  }
  const failure = input.checkpoints && failureText(input.checkpoints);
  const said = [
    ...(input.checkpoints ? [summaryText(input.checkpoints)] : []),
    ...(failure === null ? [] : [failure]),
    ...(input.verified === null ? [] : [verifiedText(input.verified)]),
    ...(stats ? statsText(stats) : []),
    ...input.unwritten.map((text) => `tidemark: ${text}; it was not written`),
    ...outcome.lines,
  ];
  for (const line of said) io.stderr.write(`${line}\n`);
}

function jsonReport({ outcome, notices, checkpoints, verified, unwritten, stats, vm, before, seconds }: ReportInput): object {
  return {
    ...outcome.fields,
    status: outcome.status,
    instructions: Number(vm.retired - before),
    seconds,
    ...(notices.length > 0 ? { notices } : {}),
    ...(checkpoints ? { checkpoints } : {}),
    ...(verified === null ? {} : { verified }),
    ...(unwritten.length > 0 ? { unwritten } : {}),
    ...(stats ? { stats } : {}),
  };
}

/** One line. 64-bit values that a double holds exactly become numbers, others strings. */
export const json = (value: unknown): string =>
  JSON.stringify(value, (_key, field: unknown) => {
    if (typeof field !== 'bigint') return field;
    return Number.isSafeInteger(Number(field)) ? Number(field) : String(field);
  });
