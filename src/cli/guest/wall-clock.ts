// Keeps a guest that sleeps to the wall clock: virtual time in which nobody works takes as long as it says. So a guest that waits
// for a key costs the host nothing, and its clock does not run away.

import type { SliceResult } from '../../vm/exit.ts';
import type { Vm } from '../../vm/vm.ts';

const NS_PER_MS = 1e6;

export class WallClock {
  /** For the next slice: see SliceOptions. */
  idleUntil = 0;
  private nap: { readonly deadline: number; readonly ends: number } | null = null;

  constructor(private readonly vm: Pick<Vm, 'clock'>) {}

  /** Takes note of how a slice ended. */
  note({ sleepsUntil }: SliceResult): void {
    if (sleepsUntil === undefined) this.nap = null;
    else if (this.nap?.deadline !== sleepsUntil) {
      this.nap = { deadline: sleepsUntil, ends: performance.now() + (sleepsUntil - this.vm.clock.nanoseconds()) / NS_PER_MS };
    }
  }

  /** Milliseconds that the guest is still to sleep, 0 when it is awake or its time has come. */
  remaining(): number {
    if (this.nap === null) return 0;
    const left = this.nap.ends - performance.now();
    if (left > 0) return left;
    this.idleUntil = this.nap.deadline;
    return 0;
  }
}
