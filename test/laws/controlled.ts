import { describe, it } from 'vitest';
import { boundedCycle, boundedLists, hostWriteLeavesArming, oncePerSource, oneMissPerArming, orderOfEntries } from '../mt/laws/lists.ts';
import { NO_DUPS } from '../mt/laws/machine.ts';
import { copyIsComplete } from '../mt/laws/no-lost-write.ts';
import { configurations } from './support/configurations.ts';
import { GuestMachine, PAGINGS } from './support/guest-machine.ts';
import type { GuestMachineOptions } from './support/guest-machine.ts';

// The laws of memory tracking that are written against any machine, here with vCPUs that execute instructions.

const cases = configurations().flatMap((configuration, n) =>
  PAGINGS.map((paging, p) => ({ ...configuration, paging, turn: (n + (n >> 1) + (n >> 2) + p) % 2 })),
);

/** Defines the tests, of one turn of cases or both; the first law with each of `seeds`. */
export function describeControlled(seeds: readonly number[], turns: readonly (0 | 1)[]): void {
  const chosen = cases.filter(({ turn }) => turns.includes(turn as 0 | 1));
  describe.each(chosen)('laws, $engine, $tracking, $vcpus vCPUs, paging $paging', ({ turn: _, ...options }) => {
    const machine = (more: GuestMachineOptions = {}): GuestMachine => new GuestMachine({ ...options, verify: true, ...more });

    it.each(seeds)('1 and 2: no lost write, no invention (seed %i)', (seed) => {
      const flags = seed % 2 === 0 ? NO_DUPS : 0;
      copyIsComplete(machine({ pages: 200 }), { seed, flags });
      copyIsComplete(machine({ pages: 200 }), { seed, flags, rearm: true });
    });

    it.each([0, NO_DUPS])('3: once per source and arming (flags %i)', (flags) => oncePerSource(machine(), flags));
    it('3: a host write leaves the arming alone', () => hostWriteLeavesArming(machine()));
    it('4: the lists are bounded', () => boundedLists(machine()));
    it('4: the cycle is bounded', () => boundedCycle(machine({ pages: 4096, verify: false }), 100));
    it('5: order', () => orderOfEntries(machine()));
    it('6: one write miss per page and arming', () => oneMissPerArming(machine()));
  });
}
