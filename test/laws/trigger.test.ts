import { describe, expect, it } from 'vitest';
import { Vm } from '../../src/vm/vm.ts';
import { enter } from '../../src/boot/vm-target.ts';
import { MIB, PAGE, configurations } from './support/configurations.ts';
import { CODE, loadCode } from './support/entry.ts';
import { REP_STOS, STORE_STRIDED } from './support/programs.ts';
import type { Configuration } from './support/configurations.ts';

// MT_DIRTY_TRIGGER and max_dirty, to the instruction. The guest runs without paging, so that only its stores make pages dirty.

const DATA = 0x400000;
const FIRST = DATA / PAGE;

function machine(configuration: Configuration, code: readonly number[], regs: Record<string, bigint>, width: 32 | 64 = 32): Vm {
  const vm = new Vm({ memory: 8 * MIB, ...configuration });
  const state = loadCode(vm, width, code);
  // The last vCPU is the one that stores.
  const last = configuration.vcpus - 1;
  enter(vm, state, last);
  vm.vcpus[last].setRegs(regs);
  if (last > 0) vm.vcpus[0].activity = 'hlt';
  return vm;
}

function track(vm: Vm, trigger: number, maxDirty = 0xffff): void {
  vm.mt.initMt({ op: 1, flags: 4, maxDirty });
  vm.mt.enableMt(1);
  vm.mt.mtDirtyTrigger(trigger);
  vm.mt.prepareMtCp(7n);
}

const storing = { rdi: BigInt(DATA), rdx: BigInt(PAGE), rcx: 600n };
const range = (count: number, from = FIRST): number[] => Array.from({ length: count }, (_, n) => from + n);

describe.each(configurations())('trigger, $engine, $tracking, $vcpus vCPUs', (configuration) => {
  const last = configuration.vcpus - 1;

  it.each([1, 2, 37, 511, 512, 513, 600])('%i pages: every vCPU leaves right after the store that made the last one dirty', (trigger) => {
    const vm = machine(configuration, STORE_STRIDED.code, storing);
    track(vm, trigger);
    const { exit, vcpu, retired } = vm.runSlice();
    expect(exit).toEqual({ kind: 'mt-dirty-trigger', cpid: 7n, dirty: trigger });
    expect(vcpu).toBe(last);
    const regs = vm.vcpus[last].getRegs();
    expect(regs.rip).toBe(BigInt(CODE + STORE_STRIDED.afterStore));
    expect(regs.rdi).toBe(BigInt(DATA + (trigger - 1) * PAGE));
    expect(retired).toBe(3 * (trigger - 1) + 1);
    expect([...vm.mt.fetchSublist({ count: 10_000 }).gfns]).toEqual(range(trigger));
  });

  const PAGES = 110;

  it.each([1, 3, 100])('%i pages inside REP STOS: right after the iteration', (trigger) => {
    const vm = machine(configuration, REP_STOS.code, { rdi: BigInt(DATA), rcx: BigInt(PAGES * PAGE), rax: 0x11n });
    track(vm, trigger);
    const { exit, retired } = vm.runSlice();
    expect(exit).toEqual({ kind: 'mt-dirty-trigger', cpid: 7n, dirty: trigger });
    const stored = (trigger - 1) * PAGE + 1;
    const regs = vm.vcpus[last].getRegs();
    expect(regs).toMatchObject({ rip: BigInt(CODE), rdi: BigInt(DATA + stored), rcx: BigInt(PAGES * PAGE - stored) });
    expect(retired).toBe(stored);
    expect([...vm.mt.fetchSublist({ count: 1000, rearm: true }).gfns]).toEqual(range(trigger));
    // And on it goes where it was.
    vm.mt.mtDirtyTrigger(0);
    expect(vm.runSlice().exit.kind).toBe('hlt');
    expect(vm.readMemory(DATA, PAGES * PAGE).every((byte) => byte === 0x11)).toBe(true);
  });

  it('is raised again at each entry, without progress, until it is raised, switched off, or PREPARE', () => {
    const vm = machine(configuration, STORE_STRIDED.code, storing);
    track(vm, 5);
    vm.runSlice();
    for (let n = 0; n < 3; n++) expect(vm.runSlice()).toMatchObject({ retired: 0, exit: { kind: 'mt-dirty-trigger', dirty: 5 } });
    vm.mt.mtDirtyTrigger(6);
    expect(vm.runSlice()).toMatchObject({ retired: 3, exit: { kind: 'mt-dirty-trigger', dirty: 6 } });
    vm.mt.mtDirtyTrigger(0);
    expect(vm.runSlice(300)).toMatchObject({ retired: 300, exit: { kind: 'limit' } });
  });

  it('PREPARE guarantees one instruction, though what is carried exceeds the trigger already', () => {
    const vm = machine(configuration, STORE_STRIDED.code, storing);
    track(vm, 5);
    vm.runSlice();
    for (let cycle = 8; cycle < 12; cycle++) {
      vm.mt.prepareMtCp(BigInt(cycle));
      const before = vm.retired;
      expect(vm.runSlice()).toMatchObject({ retired: 1, exit: { kind: 'mt-dirty-trigger', cpid: BigInt(cycle) } });
      expect(vm.retired).toBe(before + 1n);
      expect(vm.runSlice()).toMatchObject({ retired: 0 });
    }
  });

  it('max_dirty does the same with mt-list-full, trigger or not', () => {
    const vm = machine(configuration, STORE_STRIDED.code, storing);
    track(vm, 0, 9);
    expect(vm.runSlice()).toMatchObject({ retired: 25, exit: { kind: 'mt-list-full', cpid: 7n, dirty: 9 } });
    expect(vm.runSlice()).toMatchObject({ retired: 0, exit: { kind: 'mt-list-full' } });
    vm.mt.fetchSublist({ count: 100, rearm: true });
    vm.mt.prepareMtCp(8n);
    expect(vm.runSlice()).toMatchObject({ retired: 27, exit: { kind: 'mt-list-full', cpid: 8n, dirty: 9 } });
  });

  it('host-side writes count', () => {
    const vm = machine(configuration, STORE_STRIDED.code, storing);
    track(vm, 4);
    vm.writeMemory(0x300000, new Uint8Array(2 * PAGE));
    expect(vm.runSlice()).toMatchObject({ retired: 4, exit: { kind: 'mt-dirty-trigger', dirty: 4 } });
    expect([...vm.mt.fetchSublist({ count: 100 }).gfns]).toEqual([0x300, 0x301, FIRST, FIRST + 1]);
  });

  it('a page fetched with REARM and written again is counted again', () => {
    const vm = machine(configuration, STORE_STRIDED.code, { ...storing, rdx: 0n });
    track(vm, 3);
    for (const dirty of [1, 2]) {
      expect(vm.runSlice(10).exit.kind).toBe('limit');
      expect(vm.mt.stats().dirty).toBe(dirty);
      expect([...vm.mt.fetchSublist({ count: 100, rearm: true }).gfns]).toEqual([FIRST]);
    }
    expect(vm.runSlice(10)).toMatchObject({ exit: { kind: 'mt-dirty-trigger', dirty: 3 } });
  });

  it('with paging, what the walk writes counts too, and the exit is still right after a store', () => {
    const vm = machine(configuration, STORE_STRIDED.code, storing, 64);
    track(vm, 50);
    const { exit } = vm.runSlice();
    expect(exit).toMatchObject({ kind: 'mt-dirty-trigger' });
    const { rip, rdi } = vm.vcpus[last].getRegs();
    expect(rip).toBe(BigInt(CODE + STORE_STRIDED.afterStore));
    const pages = [...vm.mt.fetchSublist({ count: 1000 }).gfns];
    expect(pages.filter((gfn) => gfn >= FIRST)).toEqual(range(Number(rdi) / PAGE - FIRST + 1));
    expect(pages.length).toBe(50);
  });
});
