// From a store back to a machine: memory and devices' blocks of the base, then the deltas in order.

import { shown } from '../base/arguments.ts';
import { packBlocks } from '../base/blocks.ts';
import { requireVm } from '../vm/check-arguments.ts';
import { requireStore } from './check-arguments.ts';
import { InputError } from '../base/errors.ts';
import { hashContents } from '../snapshot/hash.ts';
import { loadMemory } from '../snapshot/memory-image.ts';
import type { MemoryImage } from '../snapshot/memory-image.ts';
import type { VmState } from '../vm/save.ts';
import type { Vm } from '../vm/vm.ts';
import { Contents } from './contents.ts';
import type { CheckpointStore, DeltaCheckpoint, GuestEnd } from './store.ts';

export interface RebuiltCycle {
  readonly state: VmState;
  readonly pages: MemoryImage;
  readonly hash: string | null;
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
export function resumeCycle(vm: Vm, store: CheckpointStore, cpid: number): GuestEnd | null {
  requireVm(vm);
  const { state, pages, end } = rebuildCycle(store, cpid);
  loadMemory(vm, pages);
  vm.restore(state);
  return end;
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
