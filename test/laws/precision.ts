import { describe, expect, it } from 'vitest';
import { hashMemory } from '../../src/snapshot/hash.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { randomOf } from '../mt/laws/machine.ts';
import { ENGINES, METHODS } from './support/configurations.ts';
import { GuestMachine } from './support/guest-machine.ts';
import { loadGuest } from './support/guests.ts';

// Law 2: nothing is reported that was not written; and the two methods report the same pages, but for the guest's page tables,
// of which PML reports those that the walk only reads.

const everything = (vm: Vm): number[] => [...new Set(vm.mt.fetchSublist({ count: 0x7fffffff, rearm: true }).gfns)].sort((a, b) => a - b);

function track(vm: Vm): void {
  vm.mt.initMt({ op: 1, flags: 4, maxDirty: 0xffffffff });
  vm.mt.enableMt(1);
}

/** The pages of each cycle, cut at the same retired counts whatever the method. */
function pagesByCycle(vm: Vm, slice: number): { cycles: number[][]; end: string } {
  track(vm);
  const cycles: number[][] = [];
  for (;;) {
    vm.mt.prepareMtCp(BigInt(cycles.length));
    const { exit } = vm.runSlice(slice);
    vm.mt.mtVmQuiesced();
    cycles.push(everything(vm));
    if (exit.kind !== 'limit') return { cycles, end: `${exit.kind} ${vm.retired} ${hashMemory(vm)}` };
  }
}

const minus = (a: readonly number[], b: readonly number[]): number[] => a.filter((gfn) => !b.includes(gfn));

const GUESTS = [
  { image: 'dirtier/dirtier-32', append: 'pages=67 iterations=14 group=2 rate=30', slice: 7_001, tables: [0x510, 0x600] },
  { image: 'dirtier/dirtier-64', append: 'pages=67 iterations=14 group=2 rate=30', slice: 7_001, tables: [0x510, 0x600] },
  // Not paged at all, and paged by the loader's tables in low memory.
  { image: 'sort/sort-32', append: 'scale=1', slice: 400_009, tables: [0, 0] },
  { image: 'sort/sort-64', append: 'scale=1', slice: 400_009, tables: [0, 0x100] },
] as const;

/** The interpreter sorts in test:long. */
const isLong = (engine: string, image: string): boolean => engine === 'interpreter' && image.startsWith('sort/');

/** Defines the tests of whole guests that are `long`, or the others. */
export function describeMethods(long: boolean): void {
  describe.each(ENGINES.filter((engine) => GUESTS.some(({ image }) => isLong(engine, image) === long)))('law 2, %s', (engine) => {
    it.each(GUESTS.filter(({ image }) => isLong(engine, image) === long))(
      'both methods report the same pages of $image',
      ({ slice, tables: [from, to], ...guest }) => {
        const [writeProtect, pml] = (['write-protect', 'pml'] as const).map((tracking) =>
          pagesByCycle(loadGuest(guest, { engine, tracking }).vm, slice),
        );
        expect(pml.end).toBe(writeProtect.end);
        expect(pml.cycles.length).toBe(writeProtect.cycles.length);
        writeProtect.cycles.forEach((pages, cycle) => {
          expect(minus(pages, pml.cycles[cycle]), `missed by PML in cycle ${cycle}`).toEqual([]);
          // The 64-bit dirtier begins on the loader's tables.
          const beyond = minus(pml.cycles[cycle], pages).filter((gfn) => (gfn < from || gfn >= to) && gfn >= 0x100);
          expect(beyond, `beyond page tables in cycle ${cycle}`).toEqual([]);
        });
      },
    );
  });
}

/** Defines the tests of single stores. */
export function describeStores(): void {
  describe.each(ENGINES)('law 2, %s', (engine) => {
    it.each(METHODS.flatMap((tracking) => (['none', 'large', 'small'] as const).map((paging) => ({ tracking, paging }))))(
      'exactly what was written is reported: $tracking, paging $paging',
      ({ tracking, paging }) => {
        const machine = new GuestMachine({ engine, tracking, paging, vcpus: 2, pages: 100 });
        const random = randomOf(11);
        track(machine.vm);
        machine.stores([
          { vcpu: 0, gfn: machine.gfns[0] },
          { vcpu: 1, gfn: machine.gfns[0] },
        ]);
        everything(machine.vm);
        const tables = new Set(machine.tables?.gfns);
        for (let cycle = 0; cycle < 20; cycle++) {
          const stores = Array.from({ length: 1 + random(30) }, () => ({
            vcpu: random(2),
            gfn: machine.gfns[random(100)],
            offset: random(4096),
          }));
          machine.stores(stores);
          const script = stores.some(({ vcpu }) => vcpu === 0) ? [0x120] : [];
          if (stores.some(({ vcpu }) => vcpu === 1)) script.push(0x130);
          const written = [...new Set([...script, ...stores.map(({ gfn }) => gfn)])].sort((a, b) => a - b);
          // The tables of the 2 MiB mapping lie in low memory.
          expect(everything(machine.vm).filter((gfn) => !tables.has(gfn) && gfn >= 0x100)).toEqual(written);
        }
      },
    );
  });
}
