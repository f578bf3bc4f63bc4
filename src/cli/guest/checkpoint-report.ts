// What --checkpoint-… and --verify say: a line for each cycle, a summary at the end.

import { PAGE_SIZE } from '../../base/paging-units.ts';
import { PHASES } from '../../checkpoint/phase-times.ts';
import type { CycleReport } from '../../checkpoint/checkpointer.ts';

const MiB = 1024 ** 2;

/** `cycle 12: mt-dirty-trigger, 512 dirty pages, …`. */
export function cycleText({ cpid, exit, retired, gfns, pmlFullExits, eptViolations, phases }: CycleReport): string {
  const times = PHASES.map((phase) => `${phase} ${Math.round(phases[phase])}`).join(', ');
  return (
    `cycle ${cpid}: ${exit.kind}, ${retired} instructions, ${gfns.length} dirty pages, ${pmlFullExits} PML-full exits, ` +
    `${eptViolations} EPT violations; µs: ${times}`
  );
}

export interface CheckpointSummary {
  /** Null if checkpoints were kept in memory only. */
  readonly directory: string | null;
  readonly cycles: number;
  readonly basePages: number;
  readonly dirtyPages: number;
  readonly pmlFullExits: number;
  readonly eptViolations: number;
  /** Microseconds the guest stood still: mean and longest over the cycles. */
  readonly stoppedMean: number;
  readonly stoppedMax: number;
  readonly runMean: number;
}

/** Adds the cycles up. */
export class CheckpointTotals {
  private cycles = 0;
  private dirtyPages = 0;
  private pmlFullExits = 0;
  private eptViolations = 0;
  private stopped = 0;
  private stoppedMax = 0;
  private running = 0;

  constructor(
    private readonly directory: string | null,
    private readonly basePages: number,
  ) {}

  add({ gfns, pmlFullExits, eptViolations, phases }: CycleReport): void {
    const still = PHASES.reduce((sum, phase) => (phase === 'run' ? sum : sum + phases[phase]), 0);
    this.cycles++;
    this.dirtyPages += gfns.length;
    this.pmlFullExits += pmlFullExits;
    this.eptViolations += eptViolations;
    this.stopped += still;
    this.stoppedMax = Math.max(this.stoppedMax, still);
    this.running += phases.run;
  }

  summary(): CheckpointSummary {
    const { directory, cycles, basePages, dirtyPages, pmlFullExits, eptViolations, stoppedMax } = this;
    const each = Math.max(1, cycles);
    return {
      directory,
      cycles,
      basePages,
      dirtyPages,
      pmlFullExits,
      eptViolations,
      stoppedMax,
      stoppedMean: this.stopped / each,
      runMean: this.running / each,
    };
  }
}

const megabytes = (pages: number): string => `${((pages * PAGE_SIZE) / MiB).toFixed(1)} MiB`;
const milliseconds = (microseconds: number): string => `${(microseconds / 1000).toFixed(2)} ms`;

export function summaryText(summary: CheckpointSummary): string {
  const { directory, cycles, basePages, dirtyPages, stoppedMean, stoppedMax, runMean, pmlFullExits, eptViolations } = summary;
  const place = directory === null ? 'kept in memory' : `in '${directory}'`;
  return (
    `checkpoints: ${cycles} cycles ${place}; base ${basePages} pages (${megabytes(basePages)}), ` +
    `then ${dirtyPages} dirty pages (${megabytes(dirtyPages)}), ${pmlFullExits} PML-full exits, ${eptViolations} EPT violations; ` +
    `a cycle ran ${milliseconds(runMean)} and stopped the guest ${milliseconds(stoppedMean)} on average, ` +
    `${milliseconds(stoppedMax)} at most`
  );
}

export const verifiedText = (cycles: number): string =>
  `verified: ${cycles} cycles, every page not reported is byte-identical, every cycle rebuilds`;
