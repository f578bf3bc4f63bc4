// What is said when a run has ended: for people on stderr, or as JSON.

import { writeAtomically } from '../atomic-file.ts';
import type { CliIo } from '../io.ts';
import type { SessionOptions } from '../session-options.ts';
import { failureText, summaryText, verifiedText } from './checkpoint-report.ts';
import type { CheckpointSummary } from './checkpoint-report.ts';
import type { Outcome } from './outcome.ts';
import { collectStats, statsText } from './stats.ts';
import type { RunStats, StatsInput } from './stats.ts';

export interface ReportInput {
  readonly options: SessionOptions;
  readonly io: CliIo;
  readonly outcome: Outcome;
  /** What the machine said of its guest. */
  readonly notices: readonly string[];
  readonly stats: StatsInput;
  readonly checkpoints: CheckpointSummary | null;
  /** Cycles that --verify found right; null if it was not asked to look. */
  readonly verified: number | null;
}

export function writeReport(input: ReportInput): void {
  const { options, io, outcome } = input;
  const stats = collectStats(input.stats);
  const file = options.stats?.file ?? null;
  if (file !== null) writeAtomically(file, lines(options.json ? [json(stats)] : statsText(stats)));
  if (options.json) {
    const stream = options.serial.kind === 'stdio' ? io.stderr : io.stdout;
    stream.write(`${json(jsonReport(input, options.stats !== null && file === null ? stats : null))}\n`);
    return;
  }
  const failure = input.checkpoints && failureText(input.checkpoints);
  const said = [
    ...(input.checkpoints ? [summaryText(input.checkpoints)] : []),
    ...(failure === null ? [] : [failure]),
    ...(input.verified === null ? [] : [verifiedText(input.verified)]),
    ...(options.stats && file === null ? statsText(stats) : []),
    ...outcome.lines,
  ];
  for (const line of said) io.stderr.write(`${line}\n`);
}

function jsonReport(
  { outcome, notices, checkpoints, verified, stats: { vm, before, seconds } }: ReportInput,
  stats: RunStats | null,
): object {
  return {
    ...outcome.fields,
    status: outcome.status,
    instructions: Number(vm.retired - before),
    seconds,
    ...(notices.length > 0 ? { notices } : {}),
    ...(checkpoints ? { checkpoints } : {}),
    ...(verified === null ? {} : { verified }),
    ...(stats ? { stats } : {}),
  };
}

/** One line. 64-bit values that a double holds exactly become numbers, others strings. */
export const json = (value: unknown): string =>
  JSON.stringify(value, (_key, field: unknown) => {
    if (typeof field !== 'bigint') return field;
    return Number.isSafeInteger(Number(field)) ? Number(field) : String(field);
  });

function* lines(texts: readonly string[]): Generator<Uint8Array, void> {
  yield Buffer.from(texts.map((text) => `${text}\n`).join(''));
}
