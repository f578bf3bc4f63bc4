import { describe, expect, it } from 'vitest';
import type { Vm } from '../../src/vm/vm.ts';
import { randomOf } from '../mt/laws/machine.ts';
import { PAGE, configurations } from './support/configurations.ts';
import { loadGuest } from './support/guests.ts';

// The rules by which KVM's own dirty_log_test judges a dirty log. The guest writes the iteration number, which the host
// counts up, to pages of a region whose length is not a multiple of 64 pages.

const CONTROL = 0x500000;
const Field = { iteration: 0x08, writes: 0x10, state: 0x38 } as const;
const RUNNING = 1;
const REGION = 0x600000 / PAGE;
const PAGES = 211;
/** Pages that a write is at work on, which began with the number of the iteration before. */
const IN_FLIGHT = 2;
/** More instructions than any write takes, so that none is at work for more than two iterations. */
const SHORTEST = 300;

const field = (vm: Vm, offset: number): number => new DataView(vm.readMemory(CONTROL + offset, 4).buffer).getUint32(0, true);
const setIteration = (vm: Vm, value: number): void =>
  vm.writeMemory(CONTROL + Field.iteration, new Uint8Array(Uint32Array.of(value).buffer));
/** The first word of each page of the region. */
function valuesOf(vm: Vm): number[] {
  const bytes = new DataView(vm.readMemory(REGION * PAGE, PAGES * PAGE).buffer);
  return Array.from({ length: PAGES }, (_, page) => bytes.getUint32(page * PAGE, true));
}

/** Pages of the region that are dirty; they are re-armed. */
function collect(vm: Vm): Set<number> {
  const { gfns } = vm.mt.fetchSublist({ count: 100_000, rearm: true });
  return new Set([...gfns].map((gfn) => gfn - REGION).filter((page) => page >= 0 && page < PAGES));
}

function start(vm: Vm): void {
  while (field(vm, Field.state) !== RUNNING) vm.runSlice(50_000);
  vm.mt.initMt({ op: 1, flags: 4, maxDirty: 100_000 });
  vm.mt.enableMt(1);
}

const PATTERNS = ['random', 'hotcold', 'pagetables', 'aliases', 'crossing', 'selfmod'];
/** Each pattern with each engine and method; widths and numbers of vCPUs in turn. */
const cases = configurations().flatMap((configuration, n) =>
  PATTERNS.map((pattern, p) => ({
    ...configuration,
    pattern,
    image: p % 4 < 2 ? 'dirtier/dirtier-32' : 'dirtier/dirtier-64',
    turn: (3 * n + p) % 8,
  })),
);

/** Defines the tests of the cases that have these turns, of 0 … 7; each turn has every pattern, or all but two. */
export function describeDirtyLog(turns: readonly number[]): void {
  describe.each(cases.filter(({ turn }) => turns.includes(turn)))(
    'dirty_log_test, $engine, $tracking, $vcpus vCPUs, $pattern, $image',
    ({ pattern, image, turn: _, ...configuration }) => {
      const machine = (): Vm => {
        const { vm } = loadGuest({ image, append: `self=0 pages=${PAGES} pattern=${pattern} rate=1000000` }, configuration);
        start(vm);
        return vm;
      };

      it('collected while the VM is stopped: a clear bit means not written in this iteration', () => {
        const vm = machine();
        const random = randomOf(5);
        for (let iteration = 1; iteration <= 30; iteration++) {
          setIteration(vm, iteration);
          vm.mt.prepareMtCp(BigInt(iteration));
          const before = field(vm, Field.writes);
          vm.runSlice(SHORTEST + random(4_000));
          vm.mt.mtVmQuiesced();
          const dirty = collect(vm);
          let stale = 0;
          for (const [page, value] of valuesOf(vm).entries()) {
            if (!dirty.has(page)) {
              expect(value, `page ${page} is clear in iteration ${iteration}`).toBeLessThan(iteration);
            } else if (value !== iteration) {
              stale++;
              expect(value, `page ${page} is dirty in iteration ${iteration}`).toBe(iteration - 1);
            }
          }
          expect(stale).toBeLessThanOrEqual(IN_FLIGHT);
          // No more pages are reported than the guest has written since, and those it is just writing.
          expect(dirty.size).toBeLessThanOrEqual(field(vm, Field.writes) - before + IN_FLIGHT);
        }
      });

      it('collected while the guest runs: what is newer than the log is in the next one', () => {
        const vm = machine();
        const random = randomOf(6);
        let owed: number[] = [];
        for (let iteration = 1; iteration <= 30; iteration++) {
          setIteration(vm, iteration);
          vm.runSlice(SHORTEST + random(3_000));
          const dirty = collect(vm);
          vm.runSlice(1 + random(1_000));
          for (const page of owed) expect(dirty.has(page), `page ${page} was written after the log of ${iteration - 1}`).toBe(true);
          owed = [];
          for (const [page, value] of valuesOf(vm).entries()) {
            if (dirty.has(page)) {
              expect([iteration, iteration - 1]).toContain(value);
            } else {
              expect(value).toBeLessThanOrEqual(iteration);
              if (value === iteration) owed.push(page);
            }
          }
          vm.mt.prepareMtCp(BigInt(iteration));
        }
      });
    },
  );
}
