// Firmware that a user brings: where it lies, how it is entered, and what can be written.

import { describe, expect, it } from 'vitest';
import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import { resumeCycle, verifyRebuilds } from '../../src/checkpoint/rebuild.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import { InputError } from '../../src/base/errors.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { PcConfig } from '../../src/machine/pc.ts';
import { MtEnable, MtOp } from '../../src/mt/abi.ts';
import { ENGINES, METHODS } from '../laws/support/configurations.ts';
import { MARK, ROM_BYTES, ownRom } from './rom.ts';

const MIB = 2 ** 20;
const FOUR_GIB = 2 ** 32;

function machine(config: Partial<PcConfig> = {}, bytes = ownRom()) {
  const said: number[] = [];
  const pc = createPc({ memory: 2 * MIB, ...config, firmware: { name: 'own', bytes }, debugcon: (byte) => said.push(byte) });
  return { ...pc, said };
}

describe.each(ENGINES)('engine %s', (engine) => {
  it('starts at the reset vector; the ROM cannot be written, its copy below 1 MiB can', () => {
    const { vm, said } = machine({ engine });
    const { cs } = vm.vcpus[0].getSregs();
    expect([cs.selector, cs.base, vm.vcpus[0].getRegs().rip]).toEqual([0xf000, 0xffff0000n, 0xfff0n]);
    expect(vm.runSlice(1000).exit).toEqual({ kind: 'debug-exit', value: 1 });
    expect(said).toEqual([MARK.value, MARK.value, MARK.written]);
  });

  it.each(METHODS)('only the copy is reported as written, tracking by %s', (tracking) => {
    const { vm } = machine({ engine, tracking, verify: true });
    vm.mt.initMt({ op: MtOp.INIT, maxDirty: vm.pageCount });
    vm.mt.enableMt(MtEnable.ON);
    vm.mt.prepareMtCp(1n);
    expect(vm.runSlice(1000).exit.kind).toBe('debug-exit');
    vm.mt.mtVmQuiesced();
    expect([...vm.mt.fetchSublist({ count: 100 }).gfns]).toEqual([0xf0]);
  });

  it('is taken up from a checkpoint, without the image', () => {
    const store = new MemoryStore();
    const first = machine({ engine, tracking: 'pml', verify: true });
    const checkpointer = new Checkpointer(first.vm, store, { dirtyTrigger: 0, maxDirty: first.vm.pageCount, instructions: 3, hash: true });
    checkpointer.start();
    checkpointer.cycle();
    checkpointer.stop();
    const second = createPc({ ...store.base().machine, engine, debugcon: (byte) => first.said.push(byte) });
    resumeCycle(second.vm, store, 1);
    expect(second.vm.runSlice(1000).exit.kind).toBe('debug-exit');
    expect(first.said).toEqual([MARK.value, MARK.value, MARK.written]);
    expect(verifyRebuilds(store).wrong).toEqual([]);
  });
});

describe('a firmware image', () => {
  it.each([1, 2, 4, 5, 256])('of %i times 64 KiB ends at 4 GiB, and its last part at 1 MiB', (units) => {
    const bytes = ownRom(units * ROM_BYTES).fill(units, 0, 16);
    const { vm } = machine({}, bytes);
    expect(Buffer.compare(vm.readMemory(FOUR_GIB - bytes.length, bytes.length), bytes)).toBe(0);
    const low = units <= 4 ? bytes.length : 2 * ROM_BYTES;
    expect(Buffer.compare(vm.readMemory(MIB - low, low), bytes.subarray(-low))).toBe(0);
    expect(vm.readMemory(MIB - low - 16, 16)).toEqual(new Uint8Array(16));
    expect(vm.runSlice(1000).exit.kind).toBe('debug-exit');
  });

  it('is not RAM: loaders do not see it', () => {
    expect(bootTarget(machine().vm).memory).toEqual([{ base: 0, size: 2 * MIB }]);
  });

  it('lies beside RAM above 4 GiB', () => {
    const { vm } = machine({ memory: 2 ** 31 + MIB });
    expect(vm.runSlice(1000).exit.kind).toBe('debug-exit');
    expect(bootTarget(vm).memory.length).toBe(2);
  });

  it.each([0, 1, 0x8000, 0x18000, 16 * MIB + 0x10000])('of %i bytes is refused', (length) => {
    expect(() => machine({}, new Uint8Array(length))).toThrow(InputError);
  });

  it('needs 1 MiB of RAM', () => expect(() => machine({ memory: MIB / 2 })).toThrow(/needs 1 MiB/));
});

describe('expansion ROMs', () => {
  const rom = (name: string, length: number, first = 0x55) => ({ name, bytes: new Uint8Array(length).fill(0xaa).fill(first, 0, 1) });
  const withRoms = (...optionRoms: ReturnType<typeof rom>[]) =>
    createPc({ memory: 2 * MIB, firmware: { name: 'own', bytes: ownRom(), optionRoms } }).vm;

  it('lie one after the other from C0000H on, each at a boundary of 2 KiB', () => {
    const vm = withRoms(rom('a', 0x900), rom('b', 0x200));
    expect([0xc0000, 0xc08ff, 0xc0900, 0xc1000].map((at) => vm.readMemory(at, 1)[0])).toEqual([0x55, 0xaa, 0, 0x55]);
  });

  it('that are none, or too many, are refused by name', () => {
    expect(() => withRoms(rom('a', 512, 0x56))).toThrow(/^a: an expansion ROM begins/);
    expect(() => withRoms(rom('a', 0x10000), rom('b', 0x10200))).toThrow(/^b: no room/);
  });
});
