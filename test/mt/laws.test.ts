import { describe, it } from 'vitest';
import { boundedCycle, boundedLists, hostWriteLeavesArming, oncePerSource, oneMissPerArming, orderOfEntries } from './laws/lists.ts';
import { NO_DUPS } from './laws/machine.ts';
import { copyIsComplete } from './laws/no-lost-write.ts';
import { SyntheticMachine } from './synthetic-machine.ts';
import type { Method } from './synthetic-arming.ts';

const methods: Method[] = ['write-protect', 'pml'];

const machines = methods.flatMap((method) => [1, 4].map((vcpus) => ({ method, vcpus })));

describe.each(machines)('laws, $method, $vcpus vCPUs', ({ method, vcpus }) => {
  const machine = (pages = 64): SyntheticMachine => new SyntheticMachine({ method, vcpus, pages, verify: true });

  it.each([1, 2, 3, 4, 5])('1 and 2: no lost write, no invention (seed %i)', (seed) => {
    copyIsComplete(machine(200), { seed, flags: seed % 2 === 0 ? NO_DUPS : 0 });
    copyIsComplete(machine(200), { seed, flags: seed % 2 === 0 ? NO_DUPS : 0, rearm: true });
  });

  it.each([0, NO_DUPS])('3: once per source and arming (flags %i)', (flags) => oncePerSource(machine(), flags));
  it('3: a host write leaves the arming alone', () => hostWriteLeavesArming(machine()));
  it('4: the lists are bounded', () => boundedLists(machine()));
  it('4: the cycle is bounded', () => boundedCycle(machine(4096), 100));
  it('5: order', () => orderOfEntries(machine()));
  it('6: one write miss per page and arming', () => oneMissPerArming(machine()));
});
