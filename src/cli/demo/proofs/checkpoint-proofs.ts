// Scenes in which a mistake shows only in checkpoints: every cycle must rebuild to the memory that its hash was taken from.

import { PAGE_SIZE } from '../../../base/paging-units.ts';
import { Checkpointer, CheckpointError } from '../../../checkpoint/checkpointer.ts';
import { verifyRebuilds } from '../../../checkpoint/rebuild.ts';
import { MemoryStore } from '../../../checkpoint/memory-store.ts';
import { around } from '../../../vm/seams.ts';
import type { Proof } from './proofs.ts';
import { DATA, StoreMachine } from './store-machine.ts';

const POLICY = { dirtyTrigger: 10, maxDirty: 1000, hash: true };
/** Pages that the guest stores to, and where the device writes. */
const STORES = 60;
const DEVICE_PAGE = DATA - 16 * PAGE_SIZE;

/** Runs cycle after cycle until the guest is done. After a cycle that the store refuses, the next has what that one had. */
function checkpoints({ vm }: StoreMachine, store: MemoryStore): string | null {
  vm.vcpus[0]!.activity = 'active';
  const checkpointer = new Checkpointer(vm, store, POLICY);
  checkpointer.start();
  for (let done = false; !done; ) {
    try {
      done = checkpointer.cycle().exit.kind === 'hlt';
    } catch (error) {
      if (!(error instanceof CheckpointError && error.cause instanceof StoreFull)) throw error;
    }
  }
  const [wrong] = verifyRebuilds(store).wrong;
  return wrong === undefined ? null : `cycle ${wrong} does not rebuild to the memory it was taken from`;
}

export const savingDevice: Proof = {
  scene: 'a device writes to guest memory when its state is saved',
  run: (config) => {
    const machine = new StoreMachine(config);
    machine.prepare(DATA, { count: STORES });
    let saves = 0;
    around(machine.board, 'save', (original) => () => {
      machine.vm.writeMemory(DEVICE_PAGE + (saves % 8) * PAGE_SIZE, Uint8Array.of(++saves));
      return original();
    });
    return checkpoints(machine, new MemoryStore());
  },
};

class StoreFull extends Error {}

class FailingStore extends MemoryStore {
  private calls = 0;

  override putDelta(...delta: Parameters<MemoryStore['putDelta']>): void {
    if (++this.calls % 3 === 2) throw new StoreFull('no space left');
    super.putDelta(...delta);
  }
}

export const failingStore: Proof = {
  scene: 'every third checkpoint cannot be kept',
  run: (config) => {
    const machine = new StoreMachine(config);
    machine.prepare(DATA, { count: STORES });
    return checkpoints(machine, new FailingStore());
  },
};
