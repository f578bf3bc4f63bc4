// Where a vCPU in guest mode is. Nothing of it is saved: before `enterGuest` and after `leaveGuest` the state block has RIP and the
// retired count, and these fields mean nothing.

import { CodeMode } from '../arch/code-mode.ts';
import { DerivedState } from './derived-state.ts';

export abstract class RunState extends DerivedState {
  /** RIP of the instruction at hand: a signed canonical number. The state's `rip` is written by `leaveGuest`. */
  rip = 0;
  /** Where execution goes on after the instruction at hand. */
  nextRip = 0;
  /** Instructions left to the engine. `repeat` takes iterations beyond the first from it. */
  remaining = 0;
  /** What the engine was given at its last start, and what it retired in earlier starts since `enterGuest`. */
  private engineLimit = 0;
  private ranBefore = 0;

  /** Instructions retired since `enterGuest`, exact at each access that an instruction makes. */
  get progress(): number {
    return this.ranBefore + this.engineLimit - this.remaining;
  }

  /** An engine starts on at most `limit` instructions. */
  startEngine(limit: number): void {
    this.engineLimit = limit;
    this.remaining = limit;
  }

  /** The engine stops; returns what it retired. */
  stopEngine(): number {
    const retired = this.engineLimit - this.remaining;
    this.ranBefore += retired;
    this.engineLimit = 0;
    this.remaining = 0;
    return retired;
  }

  /** Loads the live registers from the state block. */
  protected loadLive(): void {
    this.loadRip();
    this.ranBefore = 0;
  }

  /** Takes RIP over from the state block. */
  loadRip(): void {
    const { ripHalves } = this;
    this.rip = ripHalves[1] * 0x100000000 + (ripHalves[0] >>> 0);
  }

  /** Writes RIP back to the state block. Outside 64-bit mode what runs past 4 GiB goes on at 0. */
  storeRip(): void {
    const { rip, ripHalves } = this;
    ripHalves[0] = rip;
    ripHalves[1] = this.mode === CodeMode.BITS64 ? Math.floor(rip / 0x100000000) : 0;
  }

  /** Writes the live registers back to the state block. `retired` instructions ran since `enterGuest`. */
  leaveGuest(retired: number): void {
    this.storeRip();
    this.state.retired[0] = this.state.retired[0] + BigInt(retired);
    this.ranBefore = 0;
  }
}
