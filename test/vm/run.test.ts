// run(): asynchronous, with limits, kicks and aborts; and what callbacks from within a slice may do.

import { describe, expect, it } from 'vitest';
import { MtEnable, MtOp } from '../../src/mt/abi.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { Pc } from '../../src/machine/pc.ts';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { CODE, MIB, machine32 } from './support.ts';

const HLT = 0xf4;
const NOP = 0x90;
/** JMP to itself. */
const FOREVER = [0xeb, 0xfe];
/** OUT 0xE9, AL: calls the host. */
const CALL_HOST = [0xe6, 0xe9];
const EBUSY = expect.objectContaining({ code: 'EBUSY' });

/** A PC whose guest calls `host` by port 0xE9. */
function withHost(code: readonly number[], host: (vm: Vm) => void): Vm {
  const made: { pc?: Pc } = {};
  const pc = (made.pc = createPc({
    memory: MIB,
    tracking: 'write-protect',
    vcpus: 2,
    spareMemory: MIB,
    gpaLimit: 4 * MIB,
    debugcon: () => host(made.pc!.vm),
  }));
  loadImage('code', Uint8Array.from(code), bootTarget(pc.vm), { at: CODE });
  return pc.vm;
}

describe('run', () => {
  it('ends with the guest, and tells what retired over all slices', async () => {
    // MOV ECX, 600000; LOOP; HLT
    const vm = machine32([0xb9, 0xc0, 0x27, 9, 0, 0xe2, 0xfe, HLT]);
    expect(await vm.run()).toEqual({ vcpu: 0, exit: { kind: 'hlt' }, retired: 600_002 });
  });

  it.each([0, 1, 499_999, 500_000, 500_001, 1_200_000])('a limit of %i is exact', async (limit) => {
    const vm = machine32(FOREVER);
    expect(await vm.run({ limit })).toEqual({ vcpu: 0, exit: { kind: 'limit' }, retired: limit });
    expect(vm.retired).toBe(BigInt(limit));
  });

  it('lets the event loop turn, so that a timer can kick', async () => {
    const vm = machine32(FOREVER);
    setTimeout(() => vm.kick(), 5);
    expect((await vm.run()).exit).toEqual({ kind: 'interrupted' });
  });

  it('an abort ends it, and leaves nothing for the next run', async () => {
    const vm = machine32(FOREVER);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 5);
    expect((await vm.run({ signal: controller.signal })).exit).toEqual({ kind: 'interrupted' });
    expect((await vm.run({ limit: 10 })).exit).toEqual({ kind: 'limit' });
  });

  it('a signal that is aborted already: nothing runs', async () => {
    const vm = machine32(FOREVER);
    expect(await vm.run({ signal: AbortSignal.abort() })).toEqual({ vcpu: 0, exit: { kind: 'interrupted' }, retired: 0 });
    expect((await vm.run({ limit: 10 })).exit).toEqual({ kind: 'limit' });
  });

  it('an idle machine that its timer wakes again and again is interruptible', async () => {
    // A boot sector: STI; HLT; JMP to the HLT.
    const sector = new Uint8Array(512);
    sector.set([0xfb, HLT, 0xeb, 0xfd]);
    sector.set([0x55, 0xaa], 510);
    const { vm } = createPc({ memory: MIB, disk: { name: 'idle', bytes: sector } });
    setTimeout(() => vm.kick(), 5);
    expect((await vm.run()).exit).toEqual({ kind: 'interrupted' });
  });

  it('passes outside accesses on', async () => {
    const vm = machine32([0xe4, 0x60, HLT]);
    const { exit } = await vm.run();
    if (exit.kind === 'io') exit.access.value = 7;
    expect((await vm.run()).exit).toEqual({ kind: 'hlt' });
    expect(vm.vcpus[0].getRegs().rax).toBe(7n);
  });
});

describe('kick', () => {
  it('from a device’s callback: right after the instruction', () => {
    const vm = withHost([NOP, ...CALL_HOST, NOP, HLT], (machine) => machine.kick());
    expect(vm.runSlice()).toEqual({ vcpu: 0, exit: { kind: 'interrupted' }, retired: 2 });
    expect(vm.runSlice()).toEqual({ vcpu: 0, exit: { kind: 'hlt' }, retired: 2 });
  });

  it('before a slice: at once; several are one', () => {
    const vm = machine32([NOP, HLT]);
    vm.kick();
    vm.kick();
    expect(vm.runSlice()).toEqual({ vcpu: 0, exit: { kind: 'interrupted' }, retired: 0 });
    expect(vm.runSlice().exit.kind).toBe('hlt');
  });

  it('survives a reset', () => {
    const vm = machine32([NOP, HLT]);
    vm.kick();
    vm.vcpus[0].reset();
    expect(vm.runSlice().exit.kind).toBe('interrupted');
  });
});

describe('from within a slice', () => {
  const refused: readonly [string, (vm: Vm) => unknown][] = [
    ['runSlice', (vm) => vm.runSlice(1)],
    ['setUserMemoryRegion', (vm) => vm.setUserMemoryRegion({ slot: 5, guestPhysAddr: 2 * MIB, memorySize: 4096 })],
    ['save', (vm) => vm.save()],
    ['getRegs', (vm) => vm.vcpus[0].getRegs()],
    ['setRegs', (vm) => vm.vcpus[1].setRegs({ rax: 1n })],
    ['getSregs', (vm) => vm.vcpus[0].getSregs()],
    ['setSregs', (vm) => vm.vcpus[0].setSregs({})],
    ['reset', (vm) => vm.vcpus[0].reset()],
    ['mt.prepareMtCp', (vm) => vm.mt.prepareMtCp(2n)],
    ['mt.mtVmQuiesced', (vm) => vm.mt.mtVmQuiesced()],
    ['mt.rearmDirtyPages', (vm) => vm.mt.rearmDirtyPages()],
  ];

  it.each(refused)('%s is EBUSY, and the slice goes on', (_name, call) => {
    let calls = 0;
    const vm = withHost([...CALL_HOST, HLT], (machine) => {
      calls++;
      expect(() => call(machine)).toThrow(EBUSY);
    });
    vm.mt.initMt({ op: MtOp.INIT, maxDirty: 100 });
    vm.mt.enableMt(MtEnable.ON);
    vm.mt.prepareMtCp(1n);
    expect(vm.runSlice()).toEqual({ vcpu: 0, exit: { kind: 'hlt' }, retired: 2 });
    expect(calls).toBe(1);
  });

  it('memory can be read and written', () => {
    const vm = withHost([...CALL_HOST, 0x8a, 5, 0, 0x90, 0, 0, HLT], (machine) => machine.writeMemory(0x9000, Uint8Array.of(0x77)));
    vm.runSlice();
    expect(vm.vcpus[0].getRegs().rax & 0xffn).toBe(0x77n);
  });

  it('what the callback throws reaches the caller; the machine is at the instruction and goes on', () => {
    let broken = true;
    const vm = withHost([NOP, NOP, ...CALL_HOST, NOP, HLT], () => {
      if (broken) throw new RangeError('no room');
    });
    expect(() => vm.runSlice()).toThrow(new RangeError('no room'));
    expect(vm.vcpus[0].getRegs().rip).toBe(BigInt(CODE + 2));
    expect([vm.retired, vm.clock.now()]).toEqual([2n, 2]);
    broken = false;
    expect(vm.runSlice()).toEqual({ vcpu: 0, exit: { kind: 'hlt' }, retired: 3 });
  });
});
