// Checks of whole checkpoints: every cycle rebuilt from the base and the deltas must have the hash its machine had.

import { expect } from 'vitest';
import { Checkpointer, CheckpointError } from '../../src/checkpoint/checkpointer.ts';
import { verifyRebuilds } from '../../src/checkpoint/rebuild.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import type { DeltaCheckpoint } from '../../src/checkpoint/store.ts';
import { Vm } from '../../src/vm/vm.ts';
import { MIB, PAGE } from '../laws/support/configurations.ts';
import { loadCode } from '../laws/support/entry.ts';
import { dmaPlatform } from '../laws/support/platforms.ts';
import { STORE_STRIDED } from '../laws/support/programs.ts';
import type { Check, Injected } from './mistakes.ts';

const POLICY = { dirtyTrigger: 10, maxDirty: 1000, hash: true };

function storingGuest(injected: Injected, onSave: (vm: Vm) => void = () => {}): Vm {
  const holder: { vm: Vm | null } = { vm: null };
  const vm = new Vm({
    memory: 8 * MIB,
    ...injected,
    platform: () =>
      dmaPlatform(
        () => {},
        () => onSave(holder.vm!),
      ),
  });
  holder.vm = vm;
  loadCode(vm, 32, STORE_STRIDED.code);
  vm.vcpus[0].setRegs({ rdi: 0x400000n, rdx: BigInt(PAGE), rcx: 100n, rax: 0x33n });
  return vm;
}

function requireRebuilds(store: MemoryStore): void {
  const { checked, wrong } = verifyRebuilds(store);
  expect(wrong, 'cycles that are not rebuilt').toEqual([]);
  expect(checked).toBeGreaterThan(5);
}

/** A device that hands its pending data to guest memory when it is saved. */
export const checkpointsOfSavingDevice: Check = (injected) => {
  let saves = 0;
  const vm = storingGuest(injected, (machine) => machine.writeMemory(0x300000 + saves * PAGE, Uint8Array.of(++saves)));
  const store = new MemoryStore();
  const checkpointer = new Checkpointer(vm, store, POLICY);
  checkpointer.start();
  while (checkpointer.cycle().exit.kind !== 'hlt') continue;
  requireRebuilds(store);
};

class FailingStore extends MemoryStore {
  private calls = 0;

  override putDelta(delta: DeltaCheckpoint): void {
    if (++this.calls % 3 === 2) throw new Error('no space left');
    super.putDelta(delta);
  }
}

/** A store that fails now and then. The checkpointer is simply asked for the next cycle. */
export const checkpointsAfterFailure: Check = (injected) => {
  const vm = storingGuest(injected);
  const store = new FailingStore();
  const checkpointer = new Checkpointer(vm, store, POLICY);
  checkpointer.start();
  let failures = 0;
  for (let done = false; !done; ) {
    try {
      done = checkpointer.cycle().exit.kind === 'hlt';
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      failures++;
    }
  }
  expect(failures).toBeGreaterThan(2);
  requireRebuilds(store);
};
