// One processor: its state (cpu/state) and its accesses to memory. It knows no instruction.

import { GuestMemory } from './guest-memory.ts';
import { CpuState } from './state/cpu-state.ts';

export class Cpu extends CpuState {
  readonly memory = new GuestMemory(this);

  /** Loads the live registers from the state block (entry to guest mode). */
  enterGuest(): void {
    this.loadLive();
    this.replay.forget();
    this.mmu.setControls();
    this.refreshAll();
  }
}
