// What makes a machine, and what makes none.

import { describe, expect, it } from 'vitest';
import { InputError, KvmError } from '../../src/base/errors.ts';
import { INTERNALS } from '../../src/base/internals.ts';
import { LinearMemory } from '../../src/base/linear-memory.ts';
import { attachFetcher } from '../../src/vm/attach-fetcher.ts';
import { MtEnable, MtOp } from '../../src/mt/abi.ts';
import { shapeOf } from '../../src/vm/config.ts';
import type { VmConfig } from '../../src/vm/config.ts';
import { planMachine } from '../../src/vm/machine-parts.ts';
import { Vm } from '../../src/vm/vm.ts';
import { CODE, ENGINE_NAMES, MIB, machine32, machine64 } from './support.ts';

const GIB = 1024 ** 3;
const HLT = 0xf4;

describe('refused', () => {
  it.each([
    ['0', 0],
    ['-4096', -4096],
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['1.5 pages', 6144],
    ['1 byte', 1],
    ['half a byte', 4096.5],
    ['3 GiB and a page', 3 * GIB + 4096],
    ['2^52', 2 ** 52],
    ['2^60', 2 ** 60],
  ])('memory of %s: InputError', (_name, memory) => {
    expect(() => new Vm({ memory })).toThrow(InputError);
  });

  it.each([
    ['-4096', -4096],
    ['NaN', NaN],
    ['1 byte', 1],
    ['more than 3 GiB in all', 3 * GIB],
  ])('spare memory of %s: InputError', (_name, spareMemory) => {
    expect(() => new Vm({ memory: MIB, spareMemory })).toThrow(InputError);
  });

  const einval: readonly [string, object][] = [
    ['no vCPU', { vcpus: 0 }],
    ['31 vCPUs', { vcpus: 31 }],
    ['half a vCPU', { vcpus: 1.5 }],
    ['quantum 0', { quantum: 0 }],
    ['quantum NaN', { quantum: NaN }],
    ['a GPA limit beyond 2^40', { gpaLimit: 2 ** 40 + 4096 }],
    ['a GPA limit inside a page', { gpaLimit: 4 * MIB + 1 }],
    ['an unknown engine', { engine: 'steam' }],
    ['an unknown tracking method', { tracking: 'guessing' }],
  ];
  it.each(einval)('%s: EINVAL', (_name, config) => {
    expect(() => new Vm({ memory: MIB, ...config } as VmConfig)).toThrow(expect.objectContaining({ name: 'KvmError', code: 'EINVAL' }));
  });

  it('a linear memory of more than 32 bits address: InputError', () => {
    expect(() => LinearMemory.create(4 * GIB + 1, false)).toThrow(InputError);
  });

  it('not the largest machine there can be: its linear memory is less than 4 GiB', () => {
    const shape = shapeOf({ memory: 3 * GIB, vcpus: 30, gpaLimit: 2 ** 40 });
    expect(planMachine(shape).total.bytes).toBeLessThan(3.5 * GIB);
  });
});

describe('threads', () => {
  it('the memory is shared, and the machine runs as any other', () => {
    const vm = machine32([0x40, HLT], { threads: true });
    expect(vm[INTERNALS].memory.memory.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(vm.runSlice()).toEqual({ vcpu: 0, exit: { kind: 'hlt' }, retired: 2 });
  });

  it('a fetcher attached by the seed takes what the vCPU dirtied', () => {
    // MOV [0x9000], AL; HLT
    const vm = machine32([0xa2, 0, 0x90, 0, 0, HLT], { threads: true, tracking: 'pml' });
    vm.mt.initMt({ op: MtOp.INIT, maxDirty: 100 });
    vm.mt.enableMt(MtEnable.ON);
    vm.mt.prepareMtCp(1n);
    vm.runSlice();
    vm.mt.mtVmQuiesced();
    const { gfns, waiting } = attachFetcher(structuredClone(vm.fetcherSeed())).fetch({ count: 10 });
    expect([[...gfns], waiting]).toEqual([[9], 0]);
  });

  it('without them there is no seed: EINVAL', () => {
    expect(() => machine32([HLT]).fetcherSeed()).toThrow(KvmError);
    expect(() => machine32([HLT]).fetcherSeed()).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });
});

describe.each(ENGINE_NAMES)('3 GiB, engine %s', (engine) => {
  it('one above 4 GiB; the guest stores and loads at its last bytes, tracked', () => {
    const top = 5 * GIB;
    // MOV RBX, imm64 (top - 8); MOV [RBX], RAX; MOV RCX, [RBX]; MOV [RBX - 4 KiB + 4], RAX (across pages); HLT
    const code = [
      0x48,
      0xbb,
      0xf8,
      0xff,
      0xff,
      0x3f,
      1,
      0,
      0,
      0,
      0x48,
      0x89,
      0x03,
      0x48,
      0x8b,
      0x0b,
      0x48,
      0x89,
      0x83,
      0x04,
      0xf0,
      0xff,
      0xff,
      HLT,
    ];
    const vm = machine64(code, { engine, memory: 3 * GIB, tracking: 'write-protect', regs: { rax: 0x1122334455667788n } });
    expect(vm.memslots.map(({ slot, guestPhysAddr, memorySize }) => [slot, guestPhysAddr, memorySize])).toEqual([
      [0, 0, 2 * GIB],
      [1, 4 * GIB, GIB],
    ]);
    vm.mt.initMt({ op: MtOp.INIT, maxDirty: 100 });
    vm.mt.enableMt(MtEnable.ON);
    vm.mt.prepareMtCp(1n);
    expect(vm.runSlice().exit.kind).toBe('hlt');
    expect(vm.vcpus[0].getRegs().rcx).toBe(0x1122334455667788n);
    expect([...vm.readMemory(top - 8, 8)]).toEqual([0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]);
    expect([...vm.readMemory(top - 4096 - 4, 8)]).toEqual([0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]);
    vm.mt.mtVmQuiesced();
    // The tables' accessed and dirty bits are below 1 MiB.
    expect([...vm.mt.fetchSublist({ count: 100 }).gfns].filter((gfn) => gfn >= 256)).toEqual([top / 4096 - 1, top / 4096 - 2]);
    expect(() => vm.readMemory(top, 1)).toThrow(expect.objectContaining({ code: 'EFAULT' }));
    expect(() => vm.readMemory(2 * GIB, 1)).toThrow(expect.objectContaining({ code: 'EFAULT' }));
  });

  it('RAM whose linear memory offset is beyond 2 GiB, below the hole', () => {
    // MOV byte [0x7FFFFFFF], 0x5A; MOV AL, [0x7FFFFFFF]; HLT
    const vm = machine32([0xc6, 5, 0xff, 0xff, 0xff, 0x7f, 0x5a, 0xa0, 0xff, 0xff, 0xff, 0x7f, HLT], { engine, memory: 3 * GIB });
    expect(vm.runSlice().exit.kind).toBe('hlt');
    expect(vm.vcpus[0].getRegs()).toMatchObject({ rax: 0x5an, rip: BigInt(CODE + 13) });
    expect([...vm.readMemory(2 * GIB - 2, 2)]).toEqual([0, 0x5a]);
  });
});
