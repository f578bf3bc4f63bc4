// From a store back to a machine: memory and devices' blocks of the base, then the deltas in order.

import { shown } from '../base/arguments.ts';
import { packBlocks } from '../base/blocks.ts';
import { requireStore } from './check-arguments.ts';
import { InputError, KvmError } from '../base/errors.ts';
import { vmOf } from '../boot/vm-target.ts';
import type { Machine } from '../boot/vm-target.ts';
import { hashContents } from '../snapshot/hash.ts';
import { loadMemory, pageOutside } from '../snapshot/memory-image.ts';
import type { MemoryImage } from '../snapshot/memory-image.ts';
import type { VmState } from '../vm/save.ts';
import type { Vm } from '../vm/vm.ts';
import { Contents } from './contents.ts';
import type { CheckpointStore, DeltaCheckpoint, GuestEnd } from './store.ts';

/** A machine as it was at the end of a cycle. */
export interface RebuiltCycle {
  /** All but RAM, with the devices' blocks. */
  readonly state: VmState;
  /** RAM by page number: 4096 bytes each; pages that are left out are zero. */
  readonly pages: MemoryImage;
  /** What the machine's memory and blocks hashed to when the cycle was taken; null if no hash was taken. */
  readonly hash: string | null;
  /** How the guest ended in that cycle; null if it goes on. */
  readonly end: GuestEnd | null;
}

/** Memory, and state with the devices' blocks, at the end of cycle `cpid`; 0 is the base. InputError for a cycle that is not there. */
export function rebuildCycle(store: CheckpointStore, cpid: number): RebuiltCycle {
  requireStore(store);
  const { firstCycle, lastCycle } = store;
  if (!Number.isInteger(cpid) || cpid < firstCycle || cpid > lastCycle) {
    throw new InputError(`no cycle ${shown(cpid)} (cpid): the store holds ${firstCycle} to ${lastCycle}`);
  }
  const base = store.base();
  const contents = new Contents(base);
  let last: Pick<DeltaCheckpoint, 'state' | 'hash' | 'end'> = { ...base, end: null };
  for (let n = firstCycle + 1; n <= cpid; n++) {
    const delta = store.delta(n);
    contents.add(delta);
    last = delta;
  }
  const { state, hash, end } = last;
  const blocks = Object.fromEntries([...contents.blocks].map(([name, image]) => [name, packBlocks(image)]));
  return { state: { ...state, blocks }, pages: contents.pages, hash, end };
}

/**
 * Makes `vm`, of the same description, the machine at the end of cycle `cpid`. Returns how the guest had ended there, null
 * if it goes on.
 */
export function resumeCycle(vm: Machine, store: CheckpointStore, cpid: number): GuestEnd | null {
  const machine = vmOf(vm);
  const rebuilt = rebuildCycle(store, cpid);
  tryState(machine, rebuilt);
  enterState(machine, rebuilt);
  return rebuilt.end;
}

/** A machine's whole contents. */
type Whole = Pick<RebuiltCycle, 'state' | 'pages'>;

/**
 * Gives `vm` the state, not yet the memory, and so finds out whether it is one of this machine. InputError, and nothing changes, if it is
 * not, or if the machine lacks memory. Errors as `vm.restore`.
 */
export function tryState(vm: Vm, { state, pages }: Whole): void {
  const outside = pageOutside(vm, pages);
  if (outside !== null) throw new InputError(`page 0x${outside.toString(16)} lies where this machine has no memory`);
  vm.restore(state);
}

/** Makes `vm` that machine, once `tryState` has found nothing. */
export function enterState(vm: Vm, { state, pages }: Whole): void {
  loadMemory(vm, pages);
  vm.restore(state);
}

/** What `restore` gives. A state whose checksum is right may still be one that no machine ever saved: InputError, which names `what`. */
export function refusingMalformed<T>(what: string, restore: () => T): T {
  try {
    return restore();
  } catch (error) {
    const isMalformed = [RangeError, TypeError, SyntaxError].some((kind) => error instanceof kind);
    if (!isMalformed && !(error instanceof KvmError && error.code !== 'EBUSY')) throw error;
    throw new InputError(`${what}: the state of the machine is malformed: ${(error as Error).message}`);
  }
}

/**
 * Rebuilds every cycle and compares its hash with the one taken when the cycle ended. Returns the cycles whose bytes differ.
 * Cycles kept without a hash are an error: they cannot be checked.
 */
export function verifyRebuilds(store: CheckpointStore): { readonly checked: number; readonly wrong: readonly number[] } {
  requireStore(store);
  const { firstCycle, lastCycle } = store;
  const base = store.base();
  const contents = new Contents(base);
  const wrong: number[] = [];
  const check = (cpid: number, hash: string | null): void => {
    if (hash === null) throw new InputError(`cycle ${cpid} was kept without a hash: it cannot be verified`);
    if (hashContents(contents.pages, contents.blocks) !== hash) wrong.push(cpid);
  };
  check(firstCycle, base.hash);
  for (let cpid = firstCycle + 1; cpid <= lastCycle; cpid++) {
    const delta = store.delta(cpid);
    contents.add(delta);
    check(cpid, delta.hash);
  }
  return { checked: lastCycle - firstCycle + 1, wrong };
}
