// From a store back to a machine: the base, then the deltas in order.

import { InputError } from '../base/errors.ts';
import { hashImage } from '../snapshot/hash.ts';
import { loadMemory } from '../snapshot/memory-image.ts';
import type { MemoryImage } from '../snapshot/memory-image.ts';
import type { VmState } from '../vm/save.ts';
import type { Vm } from '../vm/vm.ts';
import type { CheckpointStore } from './store.ts';

export interface RebuiltCycle { readonly state: VmState; readonly pages: MemoryImage; readonly hash: string | null }

/** Memory and state at the end of cycle `cpid`; 0 is the base. InputError for a cycle that is not there. */
export function rebuildCycle(store: CheckpointStore, cpid: number): RebuiltCycle {
  if (!Number.isInteger(cpid) || cpid < 0 || cpid > store.lastCycle) throw new InputError(`no cycle ${cpid}: the store holds 0 to ${store.lastCycle}`);
  const base = store.base();
  const pages: MemoryImage = new Map(base.pages);
  let { state, hash } = base as { state: VmState; hash: string | null };
  for (let n = 1; n <= cpid; n++) {
    const delta = store.delta(n);
    for (const [gfn, page] of delta.pages) pages.set(gfn, page);
    ({ state, hash } = delta);
  }
  return { state, pages, hash };
}

/** Makes `vm`, of the same description, the machine at the end of cycle `cpid`. */
export function resumeCycle(vm: Vm, store: CheckpointStore, cpid: number): void {
  const { state, pages } = rebuildCycle(store, cpid);
  loadMemory(vm, pages);
  vm.restore(state);
}

/**
 * Rebuilds every cycle and compares its hash with the one taken when the cycle ended. Returns the cycles whose bytes differ.
 * Cycles kept without a hash are an error: they cannot be checked.
 */
export function verifyRebuilds(store: CheckpointStore): { readonly checked: number; readonly wrong: readonly number[] } {
  const base = store.base();
  const pages: MemoryImage = new Map(base.pages);
  const wrong: number[] = [];
  const check = (cpid: number, hash: string | null): void => {
    if (hash === null) throw new InputError(`cycle ${cpid} was kept without a hash: it cannot be verified`);
    if (hashImage(pages) !== hash) wrong.push(cpid);
  };
  check(0, base.hash);
  for (let cpid = 1; cpid <= store.lastCycle; cpid++) {
    const delta = store.delta(cpid);
    for (const [gfn, page] of delta.pages) pages.set(gfn, page);
    check(cpid, delta.hash);
  }
  return { checked: store.lastCycle + 1, wrong };
}
