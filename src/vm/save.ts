// The machine's state without RAM, as plain named data: what makes a resumed run equal to the uninterrupted one.

import { packBlocks, unpackBlocks } from '../base/blocks.ts';
import type { SavedBlocks } from '../base/blocks.ts';
import { InputError } from '../base/errors.ts';
import type { Platform, PlatformState } from '../base/platform.ts';
import { Activity, VCPU_STATE } from '../base/state/vcpu.ts';
import { restoreBlock, saveBlock } from '../base/state/table.ts';
import type { SavedBlock } from '../base/state/table.ts';
import type { Cpu } from '../cpu/cpu.ts';
import type { OutsideAccess } from '../cpu/replay.ts';
import type { SavedTlb } from '../mmu/tlb-save.ts';
import type { VirtualClock } from './clock.ts';
import type { MachineParts } from './machine-parts.ts';
import type { SavedTurns, Turns } from './turns.ts';

export const VM_STATE_VERSION = 2;

export interface SavedVcpu {
  readonly registers: SavedBlock;
  readonly tlb: SavedTlb;
  /** Accesses of the instruction at RIP that were answered before it was left for a further one. */
  readonly answered: readonly OutsideAccess[];
}

/** All but what devices keep as blocks: of these, checkpoints take what changed. */
export interface VmCore {
  /** Of the form of the state. */
  readonly version: typeof VM_STATE_VERSION;
  /** Virtual time in ticks. */
  readonly ticks: number;
  /** See `Position`. */
  readonly events: number;
  /** @internal */
  readonly turns: SavedTurns;
  /** @internal */
  readonly vcpus: readonly SavedVcpu[];
  /** Of the devices, by name; null without a board. */
  readonly platform: PlatformState | null;
}

/** All of a machine but its RAM, as plain data and bytes. */
export interface VmState extends VmCore {
  /** Whole contents, for each device that has blocks, by its name. */
  readonly blocks: { readonly [device: string]: SavedBlocks };
}

export const saveBlocks = (platform: Platform | null): VmState['blocks'] =>
  Object.fromEntries([...(platform?.blocks ?? [])].map(([name, store]) => [name, packBlocks(store.save())]));

export function saveCore(parts: MachineParts, turns: Turns, clock: VirtualClock, platform: Platform | null): VmCore {
  return {
    version: VM_STATE_VERSION,
    ticks: clock.ticks,
    events: clock.events,
    turns: turns.save(),
    vcpus: parts.cpus.map((cpu) => ({
      registers: saveBlock(VCPU_STATE, cpu.state),
      tlb: cpu.mmu.tlb.save(),
      answered: cpu.replay.save(),
    })),
    platform: platform?.save() ?? null,
  };
}

/** InputError, and nothing changes, if `state` is not what `saveCore` and `saveBlocks` give for such a machine. */
export function restoreMachine(state: VmState, parts: MachineParts, turns: Turns, clock: VirtualClock, platform: Platform | null): void {
  checkOutline(state, parts, platform);
  const before = { ...saveCore(parts, turns, clock, platform), blocks: saveBlocks(platform) };
  try {
    restoreAll(state, parts, turns, clock, platform);
  } catch (error) {
    restoreAll(before, parts, turns, clock, platform);
    throw error;
  }
}

function restoreAll(state: VmState, parts: MachineParts, turns: Turns, clock: VirtualClock, platform: Platform | null): void {
  clock.ticks = state.ticks;
  clock.events = state.events;
  // Before the TLBs: a board that moves the A20 gate has them flushed.
  if (platform && state.platform) platform.restore(state.platform);
  for (const [name, store] of platform?.blocks ?? []) store.restore(unpackBlocks(state.blocks[name]!, `saved blocks of ${name}`));
  turns.restore(state.turns);
  state.vcpus.forEach((saved, n) => restoreVcpu(saved, parts.cpus[n]));
}

function restoreVcpu({ registers, tlb, answered }: SavedVcpu, cpu: Cpu): void {
  // The PML buffer is this machine's own, and belongs to the tracking that is on here and now: its index stays.
  restoreBlock(VCPU_STATE, cpu.state, { ...registers, pmlIndex: cpu.state.pmlIndex[0] });
  cpu.replay.restore(answered);
  cpu.exceptionChain.length = 0;
  cpu.mmu.restoreTlb(tlb);
  cpu.refresh();
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

const isAccess = (value: OutsideAccess): boolean =>
  isObject(value) &&
  (value.kind === 'io' || value.kind === 'mmio') &&
  (value.direction === 'read' || value.direction === 'write') &&
  Number.isSafeInteger(value.address) &&
  [1, 2, 4, 8].includes(value.width) &&
  Number.isSafeInteger(value.value);

/** What the components do not check themselves. */
function checkOutline(state: VmState, parts: MachineParts, platform: Platform | null): void {
  const require = (holds: boolean, what: string): void => {
    if (!holds) throw new InputError(`machine state: ${what}`);
  };
  require(isObject(state), 'not an object');
  require(state.version === VM_STATE_VERSION, `version ${String(state.version)}; this build reads version ${VM_STATE_VERSION}`);
  require(Number.isSafeInteger(state.ticks) && state.ticks >= 0, 'ticks is no count');
  require(Number.isSafeInteger(state.events) && state.events >= 0, 'events is no count');
  require(Array.isArray(state.vcpus), 'vcpus is no list');
  const { length } = parts.cpus;
  require(state.vcpus.length === length, `it has ${state.vcpus.length} vCPUs, the machine ${length}`);
  require((state.platform === null) === (platform === null), 'it and the machine differ in having a board');
  require(isObject(state.blocks), 'blocks is no object');
  const stores = platform?.blocks ?? new Map<string, unknown>();
  for (const name of Object.keys(state.blocks))
    require(stores.has(name), `it has blocks of ${JSON.stringify(name)}, which the machine has not`);
  for (const name of stores.keys()) require(Object.hasOwn(state.blocks, name), `it lacks the blocks of ${name}`);
  require(isObject(state.turns), 'turns is no object');
  const { current, left } = state.turns;
  require(Number.isInteger(current) && current >= 0 && current < length, 'turns.current is no vCPU');
  require(Number.isSafeInteger(left) && left > 0, 'turns.left is no count');
  state.vcpus.forEach((vcpu, n) => {
    require(isObject(vcpu) && isObject(vcpu.registers) && isObject(vcpu.tlb), `vCPU ${n} lacks its registers or TLB`);
    require(Array.isArray(vcpu.answered) && vcpu.answered.every(isAccess), `vCPU ${n}: answered is no list of accesses`);
    require(ACTIVITIES.includes(vcpu.registers['activity']), `vCPU ${n} has an unknown activity state`);
  });
}

const ACTIVITIES: readonly unknown[] = Object.values(Activity);
