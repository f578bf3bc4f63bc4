// Whose turn it is: several vCPUs take turns of a fixed number of retired instructions. What is left of the turn is saved
// state: internal exits, kicks and MT exits neither end a turn nor change the order.

import type { Cpu } from '../cpu/cpu.ts';
import { Activity } from '../base/state/vcpu.ts';

export interface SavedTurns {
  readonly current: number;
  readonly left: number;
}

export class Turns {
  private current = 0;
  private left: number;

  constructor(
    private readonly cpus: readonly Cpu[],
    private readonly quantum: number,
  ) {
    this.left = quantum;
  }

  get cpu(): Cpu {
    return this.cpus[this.current];
  }

  /** Instructions the vCPU may still retire in its turn. A single vCPU is never interrupted by its own turn's end. */
  get allowance(): number {
    return this.cpus.length === 1 ? Infinity : this.left;
  }

  used(retired: number): void {
    if (this.cpus.length === 1) return;
    this.left -= retired;
    if (this.left <= 0) this.pass();
  }

  /** Ends the turn. */
  pass(): void {
    this.current = (this.current + 1) % this.cpus.length;
    this.left = this.quantum;
  }

  /**
   * How many turns are to be passed until that of a vCPU that can run: it is active, or `wakes` says that an event will make it so.
   * -1 when there is none. Changes nothing: where a machine that sleeps is looked at must not show.
   */
  away(wakes: (cpu: Cpu) => boolean): number {
    for (let n = 0; n < this.cpus.length; n++) {
      const cpu = this.cpus[(this.current + n) % this.cpus.length]!;
      if (cpu.state.activity[0] === Activity.ACTIVE || wakes(cpu)) return n;
    }
    return -1;
  }

  save(): SavedTurns {
    return { current: this.current, left: this.left };
  }

  restore({ current, left }: SavedTurns): void {
    this.current = current;
    this.left = left;
  }
}
