// The machine's state without RAM, as plain named data: what makes a resumed run equal to the uninterrupted one.

import { InputError } from '../base/errors.ts';
import type { Platform, PlatformState } from '../base/platform.ts';
import { VCPU_STATE } from '../base/state/vcpu.ts';
import { restoreBlock, saveBlock } from '../base/state/table.ts';
import type { SavedBlock } from '../base/state/table.ts';
import type { SavedTlb } from '../mmu/tlb-save.ts';
import type { VirtualClock } from './clock.ts';
import type { MachineParts } from './machine-parts.ts';
import type { SavedTurns, Turns } from './turns.ts';

export const VM_STATE_VERSION = 1;

export interface VmState {
  readonly version: typeof VM_STATE_VERSION;
  readonly ticks: number;
  readonly turns: SavedTurns;
  readonly vcpus: readonly { readonly registers: SavedBlock; readonly tlb: SavedTlb }[];
  readonly platform: PlatformState | null;
}

export function saveMachine(parts: MachineParts, turns: Turns, clock: VirtualClock, platform: Platform | null): VmState {
  return {
    version: VM_STATE_VERSION,
    ticks: clock.ticks,
    turns: turns.save(),
    vcpus: parts.cpus.map((cpu) => ({ registers: saveBlock(VCPU_STATE, cpu.state), tlb: cpu.mmu.tlb.save() })),
    platform: platform?.save() ?? null,
  };
}

export function restoreMachine(state: VmState, parts: MachineParts, turns: Turns, clock: VirtualClock, platform: Platform | null): void {
  if (state.version !== VM_STATE_VERSION) {
    throw new InputError(`machine state of version ${state.version}; this build reads version ${VM_STATE_VERSION}`);
  }
  if (state.vcpus.length !== parts.cpus.length) {
    throw new InputError(`machine state has ${state.vcpus.length} vCPUs, the machine ${parts.cpus.length}`);
  }
  if ((state.platform === null) !== (platform === null)) throw new InputError('machine state and machine differ in having a board');
  clock.ticks = state.ticks;
  turns.restore(state.turns);
  state.vcpus.forEach(({ registers, tlb }, n) => {
    const cpu = parts.cpus[n];
    // PML is what tracking logs here and now; a machine that is restored starts with an empty buffer.
    restoreBlock(VCPU_STATE, cpu.state, { ...registers, pmlIndex: cpu.state.pmlIndex[0] });
    cpu.replay.clear();
    cpu.mmu.setControls();
    cpu.mmu.tlb.restore(tlb);
    cpu.refresh();
  });
  if (platform && state.platform) platform.restore(state.platform);
}
