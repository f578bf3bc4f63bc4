// Slices that end by the host's clock, with a clock of our own: a guest that is slow on this host cannot keep the host waiting,
// and cannot tell.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { createPc } from '../../src/machine/pc.ts';
import type { Vm } from '../../src/vm/vm.ts';

/** again: out 0xe9, al; inc eax; jmp again. In real mode. */
const PROGRAM = [0xe6, 0xe9, 0x66, 0x40, 0xeb, 0xfa];

/** mov al,34h; out 43h,al; mov al,0; out 40h,al; out 40h,al */
const TIMER = [0xb0, 0x34, 0xe6, 0x43, 0xb0, 0x00, 0xe6, 0x40, 0xe6, 0x40];

let now = 0;
afterEach(() => vi.restoreAllMocks());

/** A machine whose every OUT takes `milliseconds` of the host's clock. */
function slowMachine(milliseconds: () => number): Vm {
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const { vm } = createPc({
    memory: 1 << 20,
    debugcon: () => {
      now += milliseconds();
    },
  });
  vm.writeMemory(0x1000, Uint8Array.from(PROGRAM));
  const [vcpu] = vm.vcpus;
  vcpu!.setSregs({ cs: { ...vcpu!.getSregs().cs, selector: 0, base: 0n } });
  vcpu!.setRegs({ rip: 0x1000n });
  return vm;
}

describe('a slice with a time', () => {
  it('ends although it has no other limit', () => {
    const vm = slowMachine(() => 0.01);
    const { exit, retired } = vm.runSlice(Infinity, { milliseconds: 5 });
    expect(exit).toEqual({ kind: 'limit' });
    expect(retired).toBeGreaterThan(0);
  });

  it('comes back soon once it knows how slow the guest is, and after a bounded number of instructions before', () => {
    let cost = 0.0001;
    const vm = slowMachine(() => cost);
    for (let n = 0; n < 20; n++) vm.runSlice(Infinity, { milliseconds: 5 });
    cost = 1;
    // The guest becomes ten thousand times as slow: at most a turn goes by unnoticed.
    expect(vm.runSlice(Infinity, { milliseconds: 5 }).retired).toBeLessThanOrEqual(20_000);
    for (let n = 0; n < 20; n++) vm.runSlice(Infinity, { milliseconds: 5 });
    const before = now;
    const { retired } = vm.runSlice(Infinity, { milliseconds: 5 });
    expect(retired).toBeLessThan(100);
    expect(now - before).toBeLessThan(40);
  });

  it('makes no difference to the guest', () => {
    const slow = slowMachine(() => 0.3);
    let retired = 0;
    while (retired < 30_000) retired += slow.runSlice(30_000 - retired, { milliseconds: 1 }).retired;
    const plain = slowMachine(() => 0);
    plain.runSlice(30_000);
    expect(slow.save()).toEqual(plain.save());
  });

  it('of a machine that only sleeps ends too', () => {
    now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 0.1));
    const { vm } = createPc({ memory: 1 << 20 });
    // sti; hlt: the timer's first interrupt is never ended (no EOI), so that the next ones wake nobody.
    vm.writeMemory(0, Uint8Array.from([0, 5, 0, 0]));
    vm.writeMemory(0x500, Uint8Array.of(0xcf));
    vm.writeMemory(0x1000, Uint8Array.from([...TIMER, 0xb0, 0xfe, 0xe6, 0x21, 0xe6, 0xa1, 0xfb, 0xf4, 0xeb, 0xfd]));
    const [vcpu] = vm.vcpus;
    vcpu!.setSregs({ cs: { ...vcpu!.getSregs().cs, selector: 0, base: 0n } });
    vcpu!.setRegs({ rip: 0x1000n });
    expect(vm.runSlice(Infinity, { milliseconds: 5 }).exit).toEqual({ kind: 'limit' });
  });
});
