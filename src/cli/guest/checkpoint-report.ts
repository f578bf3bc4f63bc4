// What --checkpoint-… and --verify say: a line for each cycle, a summary at the end.

import { PAGE_SIZE } from '../../base/paging-units.ts';
import { errorText } from '../report-error.ts';
import { PHASES } from '../../checkpoint/phase-times.ts';
import type { CycleReport } from '../../checkpoint/checkpointer.ts';

const MiB = 1024 ** 2;

/** `cycle 12: mt-dirty-trigger, 512 dirty pages, …`. */
export function cycleText({ cpid, exit, retired, gfns, blocks, pmlFullExits, eptViolations, phases }: CycleReport): string {
  const times = PHASES.map((phase) => `${phase} ${Math.round(phases[phase])}`).join(', ');
  return (
    `cycle ${cpid}: ${exit.kind}, ${retired} instructions, ${gfns.length} dirty pages, ${blocksText(blocks)}` +
    `${pmlFullExits} PML-full exits, ${eptViolations} EPT violations; µs: ${times}`
  );
}

const blocksText = (blocks: number): string => (blocks > 0 ? `${blocks} disk blocks, ` : '');

export interface CheckpointSummary {
  /** Null if checkpoints were kept in memory only. */
  readonly directory: string | null;
  readonly cycles: number;
  /** Attempts to keep a cycle that failed, and why the last of them did. */
  readonly failed: number;
  readonly failure: string | null;
  readonly basePages: number;
  readonly dirtyPages: number;
  /** Blocks of the disk that changed. */
  readonly diskBlocks: number;
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
  private failed = 0;
  private failure: string | null = null;
  private dirtyPages = 0;
  private diskBlocks = 0;
  private pmlFullExits = 0;
  private eptViolations = 0;
  private stopped = 0;
  private stoppedMax = 0;
  private running = 0;

  constructor(
    private readonly directory: string | null,
    private readonly basePages: number,
  ) {}

  /** `failure`: why the cycle could not be kept. The next one then has its pages and blocks, which are counted there. */
  add({ gfns, blocks, pmlFullExits, eptViolations, phases }: CycleReport, failure: Error | null): void {
    const still = PHASES.reduce((sum, phase) => (phase === 'run' ? sum : sum + phases[phase]), 0);
    if (failure) {
      this.failed++;
      this.failure = errorText(failure);
    } else {
      this.cycles++;
      this.dirtyPages += gfns.length;
      this.diskBlocks += blocks;
    }
    this.pmlFullExits += pmlFullExits;
    this.eptViolations += eptViolations;
    this.stopped += still;
    this.stoppedMax = Math.max(this.stoppedMax, still);
    this.running += phases.run;
  }

  summary(): CheckpointSummary {
    const { directory, cycles, failed, failure, basePages, dirtyPages, diskBlocks, pmlFullExits, eptViolations, stoppedMax } = this;
    const each = Math.max(1, cycles + failed);
    return {
      directory,
      cycles,
      failed,
      failure,
      basePages,
      dirtyPages,
      diskBlocks,
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
  const { directory, cycles, basePages, dirtyPages, diskBlocks, stoppedMean, stoppedMax, runMean, pmlFullExits, eptViolations } = summary;
  const place = directory === null ? 'kept in memory' : `in '${directory}'`;
  return (
    `checkpoints: ${cycles} cycles ${place}; base ${basePages} pages (${megabytes(basePages)}), ` +
    `then ${dirtyPages} dirty pages (${megabytes(dirtyPages)}), ${blocksText(diskBlocks)}` +
    `${pmlFullExits} PML-full exits, ${eptViolations} EPT violations; ` +
    `a cycle ran ${milliseconds(runMean)} and stopped the guest ${milliseconds(stoppedMean)} on average, ` +
    `${milliseconds(stoppedMax)} at most`
  );
}

/** What is wrong with the checkpoints of the run as a whole; none if nothing is. */
export function failureText({ failed, failure, cycles }: CheckpointSummary): string | null {
  if (failed === 0) return null;
  const attempts = failed === 1 ? '1 checkpoint' : `${failed} checkpoints`;
  return `tidemark: ${attempts} could not be kept; the last that was is ${cycles === 0 ? 'the base' : `cycle ${cycles}`} (${failure})`;
}

export const verifiedText = (cycles: number): string =>
  `verified: ${cycles} cycles, every page not reported is byte-identical, every cycle rebuilds`;
