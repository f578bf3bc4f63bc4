import { describe, expect, it } from 'vitest';
import { INTERNALS } from '../../src/base/internals.ts';
import { enter } from '../../src/boot/vm-target.ts';
import { Vm } from '../../src/vm/vm.ts';
import { PAGE, configurations } from './support/configurations.ts';
import { loadCode } from './support/entry.ts';
import { STORE_STRIDED } from './support/programs.ts';

// Law 6, by counters: what stores to dirty pages cost, and how much work re-arming asks of the machine.

const DATA = 0x400000;
const PAGES = 700;
const gfnsFrom = (first: number, count: number): number[] => Array.from({ length: count }, (_, n) => DATA / PAGE + first + n);

describe.each(configurations())('law 6, $engine, $tracking, $vcpus vCPUs', (configuration) => {
  const machine = (memory = DATA + PAGES * PAGE): { vm: Vm; pass: (count?: number) => ReturnType<Vm['counters']> } => {
    const vm = new Vm({ memory, ...configuration });
    const state = loadCode(vm, 32, STORE_STRIDED.code);
    const last = configuration.vcpus - 1;
    enter(vm, state, last);
    vm.vcpus[0].activity = 'hlt';
    // One store to each of the first pages; returns what it cost.
    const pass = (count = PAGES): ReturnType<Vm['counters']> => {
      const before = vm.counters();
      vm.vcpus[last].setRegs({ rip: 0x100000n, rdi: BigInt(DATA), rdx: BigInt(PAGE), rcx: BigInt(count) });
      vm.vcpus[last].activity = 'active';
      expect(vm.runSlice().exit.kind).toBe('hlt');
      const after = vm.counters();
      const costs = Object.entries(after).map(([name, value]) => [name, value - before[name as keyof typeof before]]);
      return Object.fromEntries(costs) as typeof after;
    };
    return { vm, pass };
  };

  it('exactly one write miss per page and arming; none for pages already dirty', () => {
    const { vm, pass } = machine();
    pass();
    expect(pass(), 'tracking off').toMatchObject({ tlbMisses: 0, writeMisses: 0 });
    vm.mt.initMt({ op: 1, flags: 4, maxDirty: 100_000 });
    vm.mt.enableMt(1);
    for (let cycle = 1; cycle <= 3; cycle++) {
      vm.mt.prepareMtCp(BigInt(cycle));
      const counts = pass();
      // Translations stay when pages are armed, so the guest's tables are not walked again.
      expect(counts, 'armed').toMatchObject({ tlbMisses: PAGES, writeMisses: PAGES, guestWalks: 0 });
      if (configuration.tracking === 'write-protect') expect(counts).toMatchObject({ eptViolations: PAGES, pmlFull: 0 });
      else expect(counts).toMatchObject({ eptViolations: 0, pmlFull: 1 });
      expect(pass(), 'dirty').toMatchObject({ tlbMisses: 0, writeMisses: 0, eptViolations: 0, pmlFull: 0 });
      expect(vm.mt.fetchSublist({ count: 10_000, rearm: true }).gfns).toHaveLength(PAGES);
    }
    vm.mt.prepareMtCp(4n);
    pass();
    vm.mt.fetchSublist({ count: 123, rearm: true });
    expect(pass(), 'a part re-armed').toMatchObject({ writeMisses: 123 });
    vm.mt.enableMt(0);
    pass();
    expect(pass(), 'off again').toMatchObject({ tlbMisses: 0, writeMisses: 0 });
  });

  it.each([1, 100])('FETCH with REARM of %i pages edits as many EPT leaves, whatever the memory and the pages dirty', (count) => {
    for (const memory of [DATA + PAGES * PAGE, 64 * 1024 ** 2]) {
      for (const dirty of [100, PAGES]) {
        const { vm, pass } = machine(memory);
        vm.mt.initMt({ op: 1, flags: 4, maxDirty: 100_000 });
        vm.mt.enableMt(1);
        pass(dirty);
        const { views } = vm[INTERNALS].parts.physical;
        const edited: number[] = [];
        const edit = views.ept.edit.bind(views.ept);
        views.ept.edit = (gfn, set, clear) => {
          edited.push(gfn);
          edit(gfn, set, clear);
        };
        vm.mt.fetchSublist({ count, rearm: true });
        expect(edited).toEqual(gfnsFrom(0, count));
        vm.mt.fetchSublist({ count: 50 });
        edited.length = 0;
        vm.mt.rearmDirtyPages();
        vm.mt.rearmDirtyPages();
        vm.mt.prepareMtCp(1n);
        expect(edited).toEqual(gfnsFrom(count, Math.min(50, dirty - count)));
      }
    }
  });
});
