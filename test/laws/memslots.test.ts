import { describe, expect, it } from 'vitest';
import { GIB } from '../../src/vm/config.ts';
import { Vm } from '../../src/vm/vm.ts';
import { METHODS, MIB, PAGE } from './support/configurations.ts';
import { Consumer } from './support/consumer.ts';
import { loadCode } from './support/entry.ts';
import { STORE_STRIDED_64 } from './support/programs.ts';

// Memslots: RAM above 4 GiB, slots added and deleted while tracking is on.

const fetchAll = (vm: Vm): number[] => [...vm.mt.fetchSublist({ count: 0x7fffffff, rearm: true }).gfns];

function track(vm: Vm): void {
  vm.mt.initMt({ op: 1, flags: 4, maxDirty: 0xffffffff });
  vm.mt.enableMt(1);
}

/** The guest stores to `count` pages from `gpa`, `stride` bytes apart. */
function store(vm: Vm, gpa: number, stride: number, count: number): void {
  vm.vcpus[0].setRegs({ rip: 0x100000n, rdi: BigInt(gpa), rdx: BigInt(stride), rcx: BigInt(count), rax: 0x77n });
  vm.vcpus[0].activity = 'active';
  expect(vm.runSlice().exit.kind).toBe('hlt');
}

const strided = (gpa: number, stride: number, count: number): number[] =>
  Array.from({ length: count }, (_, n) => (gpa + n * stride) / PAGE);

describe.each(METHODS)('memslots, %s', (tracking) => {
  it('3 GiB of RAM: pages above 4 GiB are reported by their own numbers', () => {
    const vm = new Vm({ memory: 3 * GIB, tracking });
    loadCode(vm, 64, STORE_STRIDED_64);
    track(vm);
    for (let cycle = 0; cycle < 2; cycle++) {
      vm.mt.prepareMtCp(BigInt(cycle));
      store(vm, 4 * GIB, 64 * MIB, 16);
      store(vm, 5 * GIB - PAGE, PAGE, 1);
      store(vm, 64 * MIB, 128 * MIB, 15);
      vm.writeMemory(4 * GIB + 3 * PAGE - 1, Uint8Array.of(1, 2));
      vm.mt.mtVmQuiesced();
      const expected = [
        ...strided(4 * GIB + 2 * PAGE, PAGE, 2),
        ...strided(4 * GIB, 64 * MIB, 16),
        (5 * GIB) / PAGE - 1,
        ...strided(64 * MIB, 128 * MIB, 15),
      ];
      // Under PML the loader's page tables, in low memory, come too.
      expect(fetchAll(vm).filter((gfn) => gfn >= 0x100)).toEqual(expected);
    }
    expect(vm.readMemory(4 * GIB + 15 * 64 * MIB, 1)[0]).toBe(0x77);
  });

  it('a slot added starts with all its pages reported, and a deleted one takes its entries with it', () => {
    const high = { slot: 7, guestPhysAddr: 4 * GIB, memorySize: 5 * MIB };
    const vm = new Vm({ memory: 8 * MIB, tracking, spareMemory: 5 * MIB, gpaLimit: 4 * GIB + 8 * MIB, verify: true });
    vm.setUserMemoryRegion(high);
    loadCode(vm, 64, STORE_STRIDED_64);
    track(vm);
    const consumer = new Consumer(vm);
    vm.mt.prepareMtCp(1n);
    store(vm, 4 * GIB, PAGE, 20);
    store(vm, 4 * MIB, PAGE, 20);
    vm.setUserMemoryRegion({ ...high, memorySize: 0 });
    expect(fetchAll(vm).filter((gfn) => gfn >= 0x100)).toEqual(strided(4 * MIB, PAGE, 20));
    expect(vm.mt.stats().cycle.discarded).toBe(20);

    vm.setUserMemoryRegion(high);
    expect(fetchAll(vm)).toEqual(strided(4 * GIB, PAGE, (5 * MIB) / PAGE));
    store(vm, 4 * GIB + 7 * PAGE, PAGE, 3);
    vm.mt.mtVmQuiesced();
    const pages = fetchAll(vm);
    expect(pages.filter((gfn) => gfn >= 0x100)).toEqual(strided(4 * GIB + 7 * PAGE, PAGE, 3));
    consumer.take(pages);
    consumer.take(strided(4 * MIB, PAGE, 20));
    expect(consumer.lost().filter((gfn) => gfn >= 0x100)).toEqual([]);
  });
});
