// Checks with guests that run on their own.

import { expect } from 'vitest';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { Vm } from '../../src/vm/vm.ts';
import { MIB, PAGE } from '../laws/support/configurations.ts';
import { Consumer } from '../laws/support/consumer.ts';
import { loadCode } from '../laws/support/entry.ts';
import { GuestMachine } from '../laws/support/guest-machine.ts';
import { loadGuest } from '../laws/support/guests.ts';
import { STORE_STRIDED } from '../laws/support/programs.ts';
import { begin, fetchAll } from '../mt/laws/machine.ts';
import { settle, track } from './checks.ts';
import type { Check } from './mistakes.ts';

export const triggerIsExact: Check = (injected) => {
  const vm = new Vm({ memory: 8 * MIB, ...injected });
  loadCode(vm, 32, STORE_STRIDED.code);
  vm.vcpus[0].setRegs({ rdi: 0x400000n, rdx: BigInt(PAGE), rcx: 200n });
  track(vm);
  vm.mt.mtDirtyTrigger(20);
  const { exit } = vm.runSlice();
  expect(exit.kind).toBe('mt-dirty-trigger');
  expect(vm.mt.stats().dirty).toBe(20);
};

export const loaderIsLogged: Check = (injected) => {
  const vm = new Vm({ memory: 8 * MIB, ...injected });
  track(vm);
  const consumer = new Consumer(vm);
  loadImage(
    'late',
    Uint8Array.from({ length: 2 * PAGE }, () => 0x90),
    bootTarget(vm),
    { at: 0x200000 },
  );
  settle(vm, consumer);
};

/** vCPU 1 stores to a page that is then re-armed, and stores again. */
export const otherProcessor: Check = (injected) => {
  const machine = new GuestMachine({ ...injected, vcpus: 2 });
  begin(machine);
  const consumer = new Consumer(machine.vm);
  const store = { vcpu: 1, gfn: machine.gfns[0] };
  machine.stores([{ ...store, value: 1 }]);
  consumer.take(fetchAll(machine, true));
  machine.stores([{ ...store, value: 2 }]);
  settle(machine.vm, consumer);
};

/** The guest writes code, runs it, changes it and runs it again, and says when it was not the code that ran. */
export const guestSeesItsCode: Check = (injected) => {
  const { vm, text } = loadGuest({ image: 'dirtier/dirtier-32', append: 'pages=16 pattern=selfmod iterations=2 rate=20' }, injected);
  track(vm);
  const { exit } = vm.runSlice();
  expect(exit.kind, text()).toBe('hlt');
};
