// Checks on machines whose guest does store for store what a test says.

import { expect } from 'vitest';
import { INTERNALS } from '../../src/base/internals.ts';
import { GIB } from '../../src/vm/config.ts';
import { Vm } from '../../src/vm/vm.ts';
import { MIB, PAGE } from '../laws/support/configurations.ts';
import { Consumer } from '../laws/support/consumer.ts';
import { loadCode } from '../laws/support/entry.ts';
import { GuestMachine } from '../laws/support/guest-machine.ts';
import { STORE_PAGES, STORE_STRIDED_64 } from '../laws/support/programs.ts';
import { oncePerSource } from '../mt/laws/lists.ts';
import { NO_DUPS, begin, fetchAll } from '../mt/laws/machine.ts';
import { copyIsComplete } from '../mt/laws/no-lost-write.ts';
import type { Check, Injected } from './mistakes.ts';

const DATA = 0x400000;

/** Laws 1 and 2 under random stores and host writes, judged by the test's own copy and by `verify`. */
export const cyclesAreComplete =
  (flags: number, rearm: boolean): Check =>
  (injected) => {
    for (const verify of [false, true]) {
      for (let seed = 1; seed <= 3; seed++) {
        copyIsComplete(new GuestMachine({ ...injected, vcpus: 2, pages: 40, verify }), { seed, flags, rearm });
      }
    }
  };

export const marksAreCleared: Check = (injected) => oncePerSource(new GuestMachine({ ...injected, vcpus: 2 }), NO_DUPS);

/** Large EPT leaves cover all the pages; each is stored to once. */
export const hugePages: Check = (injected) => {
  const machine = new GuestMachine({ ...injected, pages: 1024 });
  begin(machine);
  const consumer = new Consumer(machine.vm);
  machine.stores(machine.gfns.map((gfn) => ({ vcpu: 0, gfn })));
  settle(machine.vm, consumer);
};

/** One page at two linear addresses, stored to through both; after the page was re-armed, through the first again. */
export const aliasedPage: Check = (injected) => {
  const machine = new GuestMachine({ ...injected, paging: 'small' });
  // Not the entry of the TLB that the first address takes.
  const alias = 0x40001;
  machine.tables!.map(alias * PAGE, DATA);
  begin(machine);
  const consumer = new Consumer(machine.vm);
  machine.stores([
    { vcpu: 0, gfn: DATA / PAGE, value: 1 },
    { vcpu: 0, gfn: alias, value: 2 },
  ]);
  consumer.take(fetchAll(machine, true));
  machine.stores([{ vcpu: 0, gfn: DATA / PAGE, value: 3 }]);
  settle(machine.vm, consumer);
};

/** Stores of four bytes, two of them in the next page, to every other page. */
export const crossingStores: Check = (injected) => {
  const vm = new Vm({ memory: 8 * MIB, ...injected });
  loadCode(vm, 32, STORE_PAGES.code);
  track(vm);
  const consumer = new Consumer(vm);
  vm.vcpus[0].setRegs({ rdi: BigInt(DATA + PAGE - 2), rcx: 1n, rax: 0x11223344n });
  expect(vm.runSlice().exit.kind).toBe('hlt');
  settle(vm, consumer);
};

function highSlot(injected: Injected): { vm: Vm; slot: { slot: number; guestPhysAddr: number; memorySize: number } } {
  const slot = { slot: 7, guestPhysAddr: 4 * GIB, memorySize: 2 * MIB };
  const vm = new Vm({ memory: 8 * MIB, spareMemory: 2 * MIB, gpaLimit: 4 * GIB + 4 * MIB, ...injected });
  vm.setUserMemoryRegion(slot);
  loadCode(vm, 64, STORE_STRIDED_64);
  track(vm);
  return { vm, slot };
}

function store(vm: Vm, gpa: number, count: number, value: number): void {
  vm.vcpus[0].setRegs({ rip: 0x100000n, rdi: BigInt(gpa), rdx: BigInt(PAGE), rcx: BigInt(count), rax: BigInt(value) });
  vm.vcpus[0].activity = 'active';
  expect(vm.runSlice().exit.kind).toBe('hlt');
}

/** Pages of a slot above 4 GiB, written, re-armed and written again. */
export const secondSlot: Check = (injected) => {
  const { vm } = highSlot(injected);
  const consumer = new Consumer(vm);
  store(vm, 4 * GIB, 10, 1);
  consumer.take(vm.mt.fetchSublist({ count: 1000, rearm: true }).gfns);
  store(vm, 4 * GIB, 10, 2);
  settle(vm, consumer);
};

export const slotIsReused: Check = (injected) => {
  const { vm, slot } = highSlot(injected);
  store(vm, 4 * GIB, 10, 1);
  vm.setUserMemoryRegion({ ...slot, memorySize: 0 });
  const left = [...vm.mt.fetchSublist({ count: 1000 }).gfns].filter((gfn) => gfn >= (4 * GIB) / PAGE);
  expect(left, "the old slot's entries").toEqual([]);
};

/** A slot's pages are fetched unarmed, the slot is replaced, and its pages fetched unarmed again: each is re-armed once. */
export const slotIsRearmedOnce: Check = (injected) => {
  const { vm, slot } = highSlot(injected);
  store(vm, 4 * GIB, 10, 1);
  const pages = new Set(vm.mt.fetchSublist({ count: 1000 }).gfns);
  vm.setUserMemoryRegion({ ...slot, memorySize: 0 });
  vm.setUserMemoryRegion(slot);
  for (const gfn of vm.mt.fetchSublist({ count: 1000 }).gfns) pages.add(gfn);
  vm.mt.rearmDirtyPages();
  expect(vm.mt.stats().cycle.rearmed, 'pages re-armed').toBe(pages.size);
};

/** A slot is deleted that every vCPU has stored to. */
export const deletedForEveryProcessor: Check = (injected) => {
  const slot = { slot: 7, guestPhysAddr: 8 * MIB, memorySize: MIB };
  const machine = new GuestMachine({ ...injected, vcpus: 2, spareMemory: MIB, gpaLimit: 9 * MIB });
  machine.vm.setUserMemoryRegion(slot);
  const stores = [1, 0].map((vcpu) => ({ vcpu, gfn: slot.guestPhysAddr / PAGE }));
  machine.stores(stores);
  machine.vm.setUserMemoryRegion({ ...slot, memorySize: 0 });
  for (const one of stores) {
    let exit = 'hlt';
    try {
      machine.stores([one]);
    } catch (error) {
      exit = (error as Error).message;
    }
    expect(exit).toBe('the guest left with mmio');
  }
};

/** One page written by host and guest, and fetched by way of one of them, again and again. */
export const oneEntryASource: Check = (injected) => {
  const machine = new GuestMachine(injected);
  begin(machine);
  const [gfn] = machine.gfns;
  for (let round = 0; round < 5; round++) {
    machine.hostWrite(gfn, 0, round);
    machine.stores([{ vcpu: 0, gfn }]);
    // The page and the guest's script, which the host wrote.
    expect(machine.mt.fetchSublist({ count: 2, rearm: true }).gfns).toHaveLength(2);
    expect(machine.mt.stats().waiting, 'entries that wait').toBe(1);
  }
};

/** Fetches one entry after the other, with REARM. */
function fetchUntil(machine: GuestMachine, done: () => boolean): void {
  while (!done()) machine.mt.fetchSublist({ count: 1, rearm: true });
}

/** A page fetched unarmed for one source, re-armed for another, written and fetched unarmed again. */
export const unarmedAgain: Check = (injected) => {
  const machine = new GuestMachine(injected);
  begin(machine);
  const consumer = new Consumer(machine.vm);
  const [gfn] = machine.gfns;
  const { mt } = machine;
  machine.stores([{ vcpu: 0, gfn, value: 1 }]);
  fetchUntil(machine, () => mt.stats().waiting === 1);
  machine.hostWrite(gfn, 1, 1);
  mt.fetchSublist({ count: 1 });
  mt.fetchSublist({ count: 1, rearm: true });
  machine.stores([{ vcpu: 0, gfn, value: 2 }]);
  mt.mtVmQuiesced();
  consumer.take(fetchAll(machine));
  mt.prepareMtCp(2n);
  machine.stores([{ vcpu: 0, gfn, value: 3 }]);
  settle(machine.vm, consumer);
};

export const waitAfterQuiesce: Check = async (injected) => {
  const machine = new GuestMachine(injected);
  begin(machine);
  machine.mt.mtVmQuiesced();
  expect(machine.mt.fetchSublist({ count: 5, wait: true }).gfns).toHaveLength(0);
};

/** An entry that the hardware logs while no slice runs: a store that a debugger makes in the guest's name. */
export const logIsFlushed: Check = (injected) => {
  const machine = new GuestMachine(injected);
  begin(machine);
  const consumer = new Consumer(machine.vm);
  const [cpu] = machine.vm[INTERNALS].cpus;
  const at = cpu.mmu.translate(DATA, 1, 0);
  machine.vm[INTERNALS].memory.u8[at] = 0x5a;
  settle(machine.vm, consumer);
};

/** Tracking on, with nothing left over. */
export function track(vm: Vm): void {
  vm.mt.initMt({ op: 1, flags: NO_DUPS, maxDirty: 0xffffffff });
  vm.mt.enableMt(1);
  vm.mt.prepareMtCp(1n);
}

/** The cycle's end: the copy must be complete then. */
export function settle(vm: Vm, consumer: Consumer): void {
  vm.mt.mtVmQuiesced();
  consumer.take(vm.mt.fetchSublist({ count: 0x7fffffff }).gfns);
  expect(consumer.lost(), 'pages lost').toEqual([]);
}
