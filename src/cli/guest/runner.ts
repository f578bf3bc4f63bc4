// Runs a machine, with checkpoints or without, until its guest ends, a limit is reached or the run is stopped from outside. The
// host's event loop gets its turns.

import type { CheckpointTotals } from './checkpoint-report.ts';
import { InputError } from '../../base/errors.ts';
import { CheckpointError } from '../../checkpoint/checkpointer.ts';
import type { Checkpointer, CycleReport } from '../../checkpoint/checkpointer.ts';
import type { SliceResult } from '../../vm/exit.ts';
import type { Vm } from '../../vm/vm.ts';
import { isSystemError } from '../system-error.ts';

/** Milliseconds of a slice, after which the keyboard, the limits and the event loop are looked at. */
const SLICE = 5;

export interface RunnerParts {
  readonly vm: Vm;
  /** Instead of `vm.runSlice`. */
  readonly runSlice: (limit: number, milliseconds: number) => SliceResult;
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
      const result = runSlice(limit - retired, SLICE);
      ({ vcpu } = result);
      retired += result.retired;
      if (result.exit.kind !== 'limit' || retired >= limit) return { ...result, retired };
    }
    return { vcpu, exit: { kind: 'interrupted' }, retired };
  };
}

/** A cycle: `failure` is why it could not be kept, null if it was. */
export type OnCycle = (report: CycleReport, failure: Error | null) => void;

/** Cycle after cycle; `onCycle` is told of each. One that cannot be kept does not end the run. */
export function checkpointRunner(
  { runSlice, between }: RunnerParts,
  checkpointer: Checkpointer,
  totals: CheckpointTotals,
  onCycle: OnCycle,
): Runner {
  return async (limit) => {
    let retired = 0;
    for (;;) {
      const { report, failure } = await attempt(() => checkpointer.cycleAsync(between, { limit: limit - retired, runSlice }));
      const { exit, vcpu } = report;
      retired += report.retired;
      totals.add(report, failure);
      onCycle(report, failure);
      const goesOn = exit.kind === 'mt-dirty-trigger' || exit.kind === 'mt-list-full' || (exit.kind === 'limit' && retired < limit);
      if (!goesOn) return { vcpu, exit, retired };
    }
  };
}

/** Runs a cycle. That the store's place, or the checkpoint's size, forbids to keep it is a failure; any other error passes through. */
async function attempt(cycle: () => Promise<CycleReport>): Promise<{ readonly report: CycleReport; readonly failure: Error | null }> {
  try {
    return { report: await cycle(), failure: null };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    const { report, cause } = error;
    if (cause instanceof InputError || isSystemError(cause)) return { report, failure: cause };
    throw cause;
  }
}
