// What a machine costs: its linear memory grows with RAM and vCPUs, and not with the addresses at which RAM lies.

import { describe, expect, it } from 'vitest';
import { INTERNALS } from '../../src/base/internals.ts';
import { MtEnable, MtOp } from '../../src/mt/abi.ts';
import { shapeOf } from '../../src/vm/config.ts';
import type { VmConfig } from '../../src/vm/config.ts';
import { planMachine } from '../../src/vm/machine-parts.ts';
import { Vm } from '../../src/vm/vm.ts';
import { MIB } from './support.ts';

const KIB = 1024;
const GIB = 1024 * MIB;
const SMALL = 16 * MIB;
const ROM = 64 * KIB;
const TOP = 2 ** 40;

/** Bytes of the linear memory. */
const sizeOf = (config: VmConfig): number => planMachine(shapeOf(config)).total.bytes;

describe('the linear memory', () => {
  it('of 16 MiB with a ROM under 4 GiB is less than 40 MiB', () => {
    const vm = new Vm({ memory: SMALL, rom: ROM });
    expect(vm[INTERNALS].parts.memory.u8.length).toBeLessThan(40 * MIB);
  });

  it('grows by less than 2 MiB for that ROM', () => {
    expect(sizeOf({ memory: SMALL, rom: ROM }) - sizeOf({ memory: SMALL })).toBeLessThan(2 * MIB);
  });

  it('grows by less than 512 KiB for each further vCPU, ROM or not', () => {
    for (const rom of [0, ROM]) {
      const one = sizeOf({ memory: SMALL, rom });
      const thirty = sizeOf({ memory: SMALL, rom, vcpus: 30 });
      expect((thirty - one) / 29, `${rom} bytes of ROM`).toBeLessThan(512 * KIB);
    }
  });

  it('of the largest machine is RAM and less than 64 MiB', () => {
    expect(sizeOf({ memory: 3 * GIB }) - 3 * GIB).toBeLessThan(64 * MIB);
  });

  it('is less than 40 MiB even where RAM may lie anywhere below 2^40', () => {
    expect(sizeOf({ memory: SMALL, spareMemory: MIB, gpaLimit: TOP })).toBeLessThan(40 * MIB);
  });
});

describe('RAM at the top of 2^40', () => {
  it.each(['write-protect', 'pml'] as const)('is RAM as any other, and tracked (%s)', (tracking) => {
    const vm = new Vm({ memory: SMALL, spareMemory: MIB, gpaLimit: TOP, tracking });
    vm.mt.initMt({ op: MtOp.INIT, maxDirty: 10_000 });
    vm.mt.enableMt(MtEnable.ON);
    vm.setUserMemoryRegion({ slot: 5, guestPhysAddr: TOP - MIB, memorySize: MIB });
    const gfns = Array.from({ length: 256 }, (_, page) => TOP / 4096 - 256 + page);
    expect([...vm.mt.fetchSublist({ count: 1000, rearm: true }).gfns], 'new pages are reported').toEqual(gfns);
    vm.writeMemory(TOP - 2, Uint8Array.of(1, 2));
    expect(vm.readMemory(TOP - 2, 2)).toEqual(Uint8Array.of(1, 2));
    expect(() => vm.readMemory(TOP - 1, 2)).toThrow(expect.objectContaining({ code: 'EFAULT' }));
    expect([...vm.mt.fetchSublist({ count: 1000 }).gfns]).toEqual([TOP / 4096 - 1]);
  });

  it('an address beyond it is not taken for one below', () => {
    const vm = new Vm({ memory: SMALL });
    for (const gpa of [TOP, 2 ** 44, 2 ** 44 + 4096, 2 ** 52]) {
      expect(() => vm.readMemory(gpa, 1), `GPA ${gpa}`).toThrow(expect.objectContaining({ code: 'EFAULT' }));
      expect(() => vm.writeMemory(gpa, Uint8Array.of(1)), `GPA ${gpa}`).toThrow(expect.objectContaining({ code: 'EFAULT' }));
    }
  });
});

describe('a memslot that takes the places of a deleted one', () => {
  it.each(['write-protect', 'pml'] as const)('has all its pages reported, and nothing of the other (%s)', (tracking) => {
    const vm = new Vm({ memory: SMALL, spareMemory: MIB, gpaLimit: 4 * GIB, tracking });
    const slotAt = (slot: number, guestPhysAddr: number, pages: number) => ({ slot, guestPhysAddr, memorySize: pages * 4096 });
    vm.mt.initMt({ op: MtOp.INIT, flags: 0, maxDirty: 10_000 });
    vm.mt.enableMt(MtEnable.ON);
    vm.setUserMemoryRegion(slotAt(5, 64 * MIB, 8));
    const fetched = [...vm.mt.fetchSublist({ count: 3 }).gfns];
    expect(fetched).toHaveLength(3);
    vm.writeMemory(64 * MIB, Uint8Array.of(1));
    vm.setUserMemoryRegion(slotAt(5, 64 * MIB, 0));
    vm.setUserMemoryRegion(slotAt(6, 2 * GIB, 4));
    const first = (2 * GIB) / 4096;
    expect([...vm.mt.fetchSublist({ count: 1000, rearm: true }).gfns]).toEqual([first, first + 1, first + 2, first + 3]);
    vm.writeMemory(2 * GIB + 8192, Uint8Array.of(1));
    expect([...vm.mt.fetchSublist({ count: 1000 }).gfns]).toEqual([first + 2]);
    vm.mt.prepareMtCp(1n);
    expect(vm.mt.stats().cycle.lateRearmed, 'pages to re-arm: those of the new slot').toBe(1);
  });
});
