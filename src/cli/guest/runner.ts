// Runs a machine until its guest ends, a limit is reached or the run is stopped from outside, with the host's event loop getting
// its turns; with checkpoints or without.

import type { CheckpointTotals } from './checkpoint-report.ts';
import type { Checkpointer, CycleReport } from '../../checkpoint/checkpointer.ts';
import type { SliceResult } from '../../vm/exit.ts';
import type { Vm } from '../../vm/vm.ts';

/** Instructions between two turns of the event loop. */
const SLICE = 500_000;

export interface RunnerParts {
  readonly vm: Vm;
  /** Instead of `vm.runSlice`. */
  readonly runSlice: (limit: number) => SliceResult;
  /** Awaited between slices; false stops the run. */
  readonly between: () => Promise<boolean>;
}

/** Runs at most `limit` instructions. Exit `limit`: they were reached; `interrupted`: `between` said so. */
export type Runner = (limit: number) => Promise<SliceResult>;

export function freeRunner({ runSlice, between }: RunnerParts): Runner {
  return async (limit) => {
    let retired = 0;
    let vcpu = 0;
    while (await between()) {
      const result = runSlice(Math.min(SLICE, limit - retired));
      ({ vcpu } = result);
      retired += result.retired;
      if (result.exit.kind !== 'limit' || retired >= limit) return { ...result, retired };
    }
    return { vcpu, exit: { kind: 'interrupted' }, retired };
  };
}

/** Cycle after cycle; `onCycle` is told of each. */
export function checkpointRunner(
  { runSlice, between }: RunnerParts,
  checkpointer: Checkpointer,
  totals: CheckpointTotals,
  onCycle: (report: CycleReport) => void,
): Runner {
  return async (limit) => {
    let retired = 0;
    for (;;) {
      const report = await checkpointer.cycleAsync(between, { limit: limit - retired, runSlice });
      const { exit, vcpu } = report;
      retired += report.retired;
      totals.add(report);
      onCycle(report);
      const goesOn = exit.kind === 'mt-dirty-trigger' || exit.kind === 'mt-list-full' || (exit.kind === 'limit' && retired < limit);
      if (!goesOn) return { vcpu, exit, retired };
    }
  };
}
