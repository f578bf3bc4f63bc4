// Memslots added and deleted while the machine lives, and memory as the host sees it.

import { describe, expect, it } from 'vitest';
import type { MemslotRequest } from '../../src/mmu/memslots.ts';
import { MtEnable, MtOp } from '../../src/mt/abi.ts';
import { ENGINE_NAMES, MIB, accessText, machine32 } from './support.ts';

const HLT = 0xf4;
const SLOT: MemslotRequest = { slot: 7, guestPhysAddr: 2 * MIB, memorySize: 0x4000 };
const roomy = { spareMemory: MIB, gpaLimit: 8 * MIB };
const code = (name: string): unknown => expect.objectContaining({ code: name });

describe('refused', () => {
  const cases: readonly [string, string, Partial<MemslotRequest>][] = [
    ['EEXIST', 'a slot in use', { slot: 0 }],
    ['EEXIST', 'an overlap', { guestPhysAddr: MIB - 4096 }],
    ['ENOMEM', 'more than the spare RAM', { memorySize: MIB + 4096 }],
    ['EINVAL', 'beyond the GPA limit', { guestPhysAddr: 8 * MIB - 4096 }],
    ['EINVAL', 'an address inside a page', { guestPhysAddr: 2 * MIB + 1 }],
    ['EINVAL', 'a size of part of a page', { memorySize: 100 }],
    ['EINVAL', 'a negative slot', { slot: -1 }],
    ['EINVAL', 'a negative address', { guestPhysAddr: -4096 }],
    ['EINVAL', 'deleting what is not there', { memorySize: 0 }],
  ];
  it.each(cases)('%s: %s', (errno, _name, change) => {
    const vm = machine32([HLT], roomy);
    const before = vm.memslots;
    expect(() => vm.setUserMemoryRegion({ ...SLOT, ...change })).toThrow(code(errno));
    expect(vm.memslots).toEqual(before);
  });
});

describe('memory from outside', () => {
  it('reads what was written, across slots’ pages', () => {
    const vm = machine32([HLT]);
    const bytes = Uint8Array.from({ length: 10_000 }, (_, n) => n * 7);
    vm.writeMemory(0x9ffd, bytes);
    expect(vm.readMemory(0x9ffd, bytes.length)).toEqual(bytes);
    expect(vm.page(0xa)!.subarray(0, 4)).toEqual(bytes.subarray(3, 7));
  });

  it('EFAULT where there is none, and nothing is written', () => {
    const vm = machine32([HLT]);
    expect(() => vm.writeMemory(MIB - 2, Uint8Array.of(1, 2, 3))).toThrow(code('EFAULT'));
    expect(vm.readMemory(MIB - 2, 2)).toEqual(Uint8Array.of(0, 0));
    expect(() => vm.readMemory(MIB - 2, 3)).toThrow(code('EFAULT'));
    expect(vm.page(256)).toBeNull();
  });
});

describe.each(ENGINE_NAMES)('engine %s', (engine) => {
  // again: MOV EAX, [2 MiB]; MOV [2 MiB + 4], EAX; JMP again
  const LOOP = [0xa1, 0, 0, 0x20, 0, 0xa3, 4, 0, 0x20, 0, 0xeb, 0xf4];

  it('a slot comes and goes between slices: RAM, then exits, then zeroed RAM', () => {
    const vm = machine32(LOOP, { engine, ...roomy });
    vm.setUserMemoryRegion(SLOT);
    vm.writeMemory(2 * MIB, Uint8Array.of(0x78, 0x56, 0x34, 0x12));
    // Long enough for the loop to be translated.
    expect(vm.runSlice(3000).exit.kind).toBe('limit');
    expect([...vm.readMemory(2 * MIB + 4, 4)]).toEqual([0x78, 0x56, 0x34, 0x12]);

    vm.setUserMemoryRegion({ ...SLOT, memorySize: 0 });
    const read = vm.runSlice(10).exit;
    expect(read.kind === 'mmio' && accessText(read.access)).toBe('mmio read 0x200000/4 = 0x0');
    if (read.kind === 'mmio') read.access.value = 9;
    const write = vm.runSlice(10).exit;
    expect(write.kind === 'mmio' && accessText(write.access)).toBe('mmio write 0x200004/4 = 0x9');

    vm.setUserMemoryRegion(SLOT);
    expect(vm.runSlice(300).exit.kind).toBe('limit');
    expect([...vm.readMemory(2 * MIB, 8)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('code in a slot that is deleted is not executed from memory any more', () => {
    // CALL 2 MiB; HLT, with RET there.
    const vm = machine32([0xe8, 0xfb, 0xef, 0x1f, 0, HLT, 0xeb, 0xf8], { engine, ...roomy });
    vm.setUserMemoryRegion(SLOT);
    vm.writeMemory(2 * MIB, Uint8Array.of(0xc3));
    expect(vm.runSlice()).toMatchObject({ exit: { kind: 'hlt' }, retired: 3 });
    vm.setUserMemoryRegion({ ...SLOT, memorySize: 0 });
    vm.vcpus[0].activity = 'active';
    const { exit } = vm.runSlice();
    expect(exit).toMatchObject({ kind: 'mmio', access: { direction: 'read', address: 2 * MIB, width: 1 } });
  });

  it.each(['write-protect', 'pml'] as const)('while %s tracks: a new slot is reported as a whole, then as written', (tracking) => {
    const vm = machine32(LOOP, { engine, tracking, ...roomy });
    const { mt } = vm;
    mt.initMt({ op: MtOp.INIT, maxDirty: 1000 });
    mt.enableMt(MtEnable.ON);
    mt.prepareMtCp(1n);
    vm.setUserMemoryRegion(SLOT);
    vm.runSlice(30);
    mt.mtVmQuiesced();
    const first = [...mt.fetchSublist({ count: 100 }).gfns];
    expect(first.slice(0, 4)).toEqual([512, 513, 514, 515]);
    mt.prepareMtCp(2n);
    vm.runSlice(30);
    mt.mtVmQuiesced();
    expect([...mt.fetchSublist({ count: 100 }).gfns]).toEqual([512]);
  });
});
