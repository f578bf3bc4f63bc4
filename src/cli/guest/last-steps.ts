// The last instructions before a limit that is known beforehand: they are stepped, so that the branches there are known without running
// again.

import { BranchRecorder } from '../../debug/branch-recorder.ts';
import type { Track } from '../../debug/branch-recorder.ts';
import { STEPPED } from '../../debug/run-again.ts';
import type { SliceResult } from '../../vm/exit.ts';
import type { Vm } from '../../vm/vm.ts';

export type RunSlice = (limit: number, milliseconds: number) => SliceResult;

export class LastSteps {
  private recorder: BranchRecorder | null = null;

  /** `slice` runs a slice at full speed. Several vCPUs would need more steps: they are not stepped. */
  constructor(
    private readonly vm: Vm,
    private readonly slice: RunSlice,
  ) {}

  /** One slice of a run that may retire `limit` instructions more, Infinity for any number. */
  readonly runSlice: RunSlice = (limit, milliseconds) => {
    if (limit === Infinity || this.vm.vcpus.length > 1) return this.slice(limit, milliseconds);
    if (limit > STEPPED) return this.slice(limit - STEPPED, milliseconds);
    this.recorder ??= new BranchRecorder(this.vm);
    const end = performance.now() + milliseconds;
    let retired = 0;
    for (;;) {
      const result = this.recorder.step();
      retired += result.retired;
      if (result.exit.kind !== 'limit' || retired >= limit || performance.now() >= end) return { ...result, retired };
    }
  };

  /** By vCPU what was seen, if it was stepped; the machine's trace is given back. */
  take(): readonly Track[] | null {
    const { recorder, vm } = this;
    this.recorder = null;
    recorder?.detach();
    return recorder && vm.vcpus.map((_, n) => recorder.trackOf(n));
  }
}
