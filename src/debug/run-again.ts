// The end of a run once more, on a second machine: what a run does is a function of its input, so what came before its end need not be
// noted while it runs. The second machine runs at full speed to shortly before the end, and then one instruction at a time.

import { DEFAULT_QUANTUM } from '../vm/config.ts';
import { comparePositions } from '../vm/journal.ts';
import type { JournalData } from '../vm/journal.ts';
import { DivergenceError, Replay } from '../vm/replay.ts';
import { yieldToHost } from '../vm/yield-to-host.ts';
import type { Vm } from '../vm/vm.ts';
import { BranchRecorder } from './branch-recorder.ts';
import type { Track } from './branch-recorder.ts';
import { loadMemory } from '../snapshot/memory-image.ts';
import type { SavePoint } from './save-points.ts';

/** Instructions before the end that are stepped; those of a turn more for each further vCPU, within reason. */
export const STEPPED = 8000;
const MOST_STEPPED = 100_000;
/** Milliseconds of a slice, after which the clock and the event loop are looked at. */
const SLICE = 50;

export interface RunAgainOptions {
  /** What the run was given, from the start or from an earlier moment on, up to where it stopped. */
  readonly journal: JournalData;
  /** Instructions retired by all vCPUs when the run stopped. */
  readonly retired: bigint;
  /** Where to start; null: the machine is at the journal's start. */
  readonly savePoint: SavePoint | null;
  /** Milliseconds that it may take. */
  readonly milliseconds: number;
  /** Looked at now and then: true gives up. */
  readonly isGivenUp?: () => boolean;
}

/** By vCPU; or why there is nothing, for people. */
export type RanAgain = { readonly tracks: readonly Track[] } | { readonly why: string };

/** Runs `vm`, a machine built as the first one was, to where that one stopped. What is said of it is exact, or it is not said. */
export async function runAgain(vm: Vm, { journal, retired, savePoint, milliseconds, isGivenUp }: RunAgainOptions): Promise<RanAgain> {
  const deadline = performance.now() + milliseconds;
  const late = (): boolean => isGivenUp?.() === true || performance.now() >= deadline;
  try {
    if (savePoint) {
      loadMemory(vm, savePoint.memory);
      vm.restore(savePoint.state);
    }
    const replay = new Replay(vm, until(journal));
    const turn = vm.config.quantum ?? DEFAULT_QUANTUM;
    const stepped = BigInt(Math.min(STEPPED + turn * (vm.vcpus.length - 1), MOST_STEPPED));
    while (vm.retired + stepped < retired) {
      if (late()) return { why: `to run again takes more than ${milliseconds / 1000} s` };
      const before = vm.moment.at;
      replay.runSlice(Number(retired - stepped - vm.retired), { milliseconds: SLICE });
      if (replay.done || (vm.moment.at.ticks === before.ticks && vm.moment.at.events === before.events)) break;
      await yieldToHost();
    }
    return await stepToEnd(vm, replay, late, milliseconds);
  } catch (error) {
    if (error instanceof DivergenceError) return { why: error.message };
    throw error;
  }
}

async function stepToEnd(vm: Vm, replay: Replay, late: () => boolean, milliseconds: number): Promise<RanAgain> {
  const recorder = new BranchRecorder(vm, (limit) => replay.runSlice(limit));
  try {
    for (let steps = 0; !replay.done; steps++) {
      const { exit } = recorder.step();
      if (exit.kind !== 'limit' && !replay.done) return { why: `the machine came to an exit ${exit.kind} before the run's end` };
      if ((steps & 1023) !== 0) continue;
      if (late()) return { why: `to run again takes more than ${milliseconds / 1000} s` };
      await yieldToHost();
    }
    return { tracks: vm.vcpus.map((_, n) => recorder.trackOf(n)) };
  } finally {
    recorder.detach();
  }
}

/** The journal without what is not known to have been before its end: it may have gone on since. */
function until({ start, entries, end }: JournalData): JournalData {
  return { start, entries: entries.filter(({ at }) => comparePositions(at, end.at) < 0), end };
}
