// KVM_GET/SET_REGS and SREGS, activity, reset.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mistaken } from '../../src/cli/demo/mistakes/mistakes.ts';
import { MtEnable, MtOp } from '../../src/mt/abi.ts';
import { GPR_NAMES } from '../../src/vm/registers.ts';
import type { Regs, SegmentRegister, Sregs } from '../../src/vm/registers.ts';
import { ACTIVITY_NAMES } from '../../src/vm/vcpu.ts';
import { CODE, ENGINE_NAMES, MIB, machine32, machine64 } from './support.ts';

const HLT = 0xf4;
/** RFLAGS: bit 1 is always 1, bits 3, 5, 15 and 22 up always 0. */
const FLAGS = 0x3f7fd5n;

const word = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const regs: fc.Arbitrary<Regs> = fc.tuple(fc.array(word, { minLength: 16, maxLength: 16 }), word, word).map(([values, rip, flags]) => ({
  ...(Object.fromEntries(GPR_NAMES.map((name, n) => [name, values[n]])) as Record<(typeof GPR_NAMES)[number], bigint>),
  rip,
  rflags: (flags & FLAGS) | 2n,
}));
const segment: fc.Arbitrary<SegmentRegister> = fc.record({
  selector: fc.integer({ min: 0, max: 0xffff }),
  base: word,
  limit: u32,
  attributes: u32,
});
const table = fc.record({ base: word, limit: fc.integer({ min: 0, max: 0xffff }) });
// biome-ignore format: a table
const sregs: fc.Arbitrary<Sregs> = fc.record({
  es: segment, cs: segment, ss: segment, ds: segment, fs: segment, gs: segment, ldt: segment, tr: segment,
  cr0: word, cr2: word, cr3: word, cr4: word, cr8: word, efer: word, gdt: table, idt: table,
});

describe('get and set', () => {
  it('registers: what was set is what is got', () => {
    const [vcpu] = machine32([HLT]).vcpus;
    fc.assert(
      fc.property(regs, (values) => {
        vcpu.setRegs(values);
        expect(vcpu.getRegs()).toEqual(values);
      }),
      { seed: 1 },
    );
  });

  it('system registers: the same', () => {
    const [vcpu] = machine32([HLT]).vcpus;
    fc.assert(
      fc.property(sregs, (values) => {
        vcpu.setSregs(values);
        expect(vcpu.getSregs()).toEqual(values);
      }),
      { seed: 2 },
    );
  });

  it('what is not given stays', () => {
    const [vcpu] = machine32([HLT]).vcpus;
    const before = vcpu.getRegs();
    const system = vcpu.getSregs();
    vcpu.setRegs({ r9: 5n });
    expect(vcpu.getRegs()).toEqual({ ...before, r9: 5n });
    vcpu.setSregs({ cr2: 5n });
    expect(vcpu.getSregs()).toEqual({ ...system, cr2: 5n });
  });

  it('bits that RFLAGS has not are dropped', () => {
    const [vcpu] = machine32([HLT]).vcpus;
    vcpu.setRegs({ rflags: 2n ** 64n - 1n });
    expect(vcpu.getRegs().rflags & 0xffc0802an).toBe(2n);
  });

  it.each(ACTIVITY_NAMES)('activity %s', (name) => {
    const [vcpu] = machine32([HLT]).vcpus;
    vcpu.activity = name;
    expect(vcpu.activity).toBe(name);
  });

  it('an unknown activity: EINVAL', () => {
    const [vcpu] = machine32([HLT]).vcpus;
    expect(() => {
      vcpu.activity = 'asleep' as 'hlt';
    }).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });
});

describe.each(ENGINE_NAMES)('engine %s', (engine) => {
  it('status flags reach the guest and come back', () => {
    // PUSHF; POP EAX; CMC; HLT
    const vm = machine32([0x9c, 0x58, 0xf5, HLT], { engine });
    for (const flags of [0x2n, 0x8d7n, 0x1n | 2n, 0x800n | 2n, 0x44n | 2n]) {
      vm.vcpus[0].setRegs({ rip: BigInt(CODE), rflags: flags });
      vm.vcpus[0].activity = 'active';
      expect(vm.runSlice().exit.kind).toBe('hlt');
      expect(vm.vcpus[0].getRegs()).toMatchObject({ rax: flags, rflags: flags ^ 1n });
    }
  });

  it('setSregs flushes the TLB: the tables changed by the host are looked at again', () => {
    // MOV AL, [RBX]; HLT
    const vm = machine64([0x8a, 0x03, HLT, 0x8a, 0x03, HLT], { engine, memory: 8 * MIB, regs: { rbx: BigInt(2 * MIB) } });
    vm.writeMemory(2 * MIB, Uint8Array.of(0x11));
    vm.writeMemory(4 * MIB, Uint8Array.of(0x22));
    vm.runSlice();
    expect(vm.vcpus[0].getRegs().rax & 0xffn).toBe(0x11n);
    // The page directory of the first GiB: entry 1 maps 2 MiB, by a 2 MiB page.
    const read = (at: number): number => Number(new DataView(vm.readMemory(at, 8).buffer).getBigUint64(0, true) & 0xffffff000n);
    const directory = read(read(Number(vm.vcpus[0].getSregs().cr3)));
    vm.writeMemory(directory + 8, Uint8Array.of(0x83, 0, 0x40, 0, 0, 0, 0, 0));
    vm.vcpus[0].activity = 'active';
    vm.vcpus[0].setSregs({});
    vm.runSlice();
    expect(vm.vcpus[0].getRegs().rax & 0xffn).toBe(0x22n);
  });

  it('setSregs loads the PDPTEs of PAE paging', () => {
    const vm = machine32([0x8a, 0x03, HLT], { engine, memory: 8 * MIB, regs: { rbx: BigInt(2 * MIB) } });
    const table = 0x20000;
    const directory = 0x21000;
    vm.writeMemory(table, Uint8Array.of(1, 0x10, 2));
    vm.writeMemory(directory, Uint8Array.of(0x83));
    // Linear 2 MiB is physical 4 MiB.
    vm.writeMemory(directory + 8, Uint8Array.of(0x83, 0, 0x40));
    vm.writeMemory(4 * MIB, Uint8Array.of(0x33));
    vm.vcpus[0].setSregs({ cr3: BigInt(table), cr4: 0x20n, cr0: 0x80000011n });
    expect(vm.runSlice().exit.kind).toBe('hlt');
    expect(vm.vcpus[0].getRegs().rax & 0xffn).toBe(0x33n);
  });

  it('after reset it starts at FFFFFFF0H in real mode', () => {
    const vm = machine32([HLT], { engine });
    vm.vcpus[0].reset();
    expect(vm.vcpus[0].getRegs()).toMatchObject({ rip: 0xfff0n, rflags: 2n, rax: 0n });
    expect(vm.vcpus[0].getSregs()).toMatchObject({
      cs: { selector: 0xf000, base: 0xffff0000n, limit: 0xffff },
      cr0: 0x60000010n,
      efer: 0n,
    });
    const { exit } = vm.runSlice();
    expect(exit).toMatchObject({ kind: 'mmio', access: { direction: 'read', address: 0xfffffff0, width: 1 } });
  });

  it('a reset while PML tracks keeps what is logged: the page is reported', () => {
    // MOV [0x9000], AL; JMP to itself
    const vm = machine32([0xa2, 0, 0x90, 0, 0, 0xeb, 0xfe], { engine, tracking: 'pml', wrap: mistaken('skipPmlDrainAtExit') });
    vm.mt.initMt({ op: MtOp.INIT, maxDirty: 100 });
    vm.mt.enableMt(MtEnable.ON);
    vm.mt.prepareMtCp(1n);
    vm.runSlice(2);
    vm.vcpus[0].reset();
    vm.mt.mtVmQuiesced();
    expect([...vm.mt.fetchSublist({ count: 10 }).gfns]).toEqual([9]);
  });
});
