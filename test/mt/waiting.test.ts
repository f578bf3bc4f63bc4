import { describe, expect, it } from 'vitest';
import { INTERNALS } from '../../src/base/internals.ts';
import { SublistFetch } from '../../src/mt/fetch.ts';
import { WaitQueue } from '../../src/mt/wait-queue.ts';
import { SyntheticMachine } from './synthetic-machine.ts';

// mt.md, "Call by call", SUBLIST_FETCH: while a waiter exists, a running vCPU drains its PML buffer as soon as what it has
// logged satisfies the first waiter, within the slice.

const store = (...gfns: number[]) => gfns.map((gfn) => ({ vcpu: 0, gfn }));

/** Entries that a fetch on another thread could take, before each of the stores of one slice. */
function availableDuring(machine: SyntheticMachine, gfns: number[]): number[] {
  const seen: number[] = [];
  machine.duringSlice = () => void seen.push(machine.views.control.available[0]);
  machine.stores(store(...gfns));
  return seen;
}

describe('a waiter and a vCPU that runs on', () => {
  it('what the log holds is collected when it is enough, and not before', () => {
    const machine = new SyntheticMachine({ method: 'pml' }).track();
    void machine.mt.fetchSublistAsync({ count: 3, wait: true });
    expect(availableDuring(machine, [1, 2, 3, 4, 5])).toEqual([0, 0, 0, 3, 3]);
  });

  it('as by write-protect, from the store that makes it enough', () => {
    const machine = new SyntheticMachine({ method: 'write-protect' }).track();
    void machine.mt.fetchSublistAsync({ count: 3, wait: true });
    expect(availableDuring(machine, [1, 2, 3, 4, 5])).toEqual([0, 1, 2, 3, 4]);
  });

  it('entries in the lists and in the log count together', () => {
    const machine = new SyntheticMachine({ method: 'pml' }).track();
    machine.hostWrite(9, 0, 1);
    void machine.mt.fetchSublistAsync({ count: 3, wait: true });
    expect(availableDuring(machine, [1, 2, 3])).toEqual([1, 1, 3]);
  });

  it('entries that turn out to be duplicates wake nobody', () => {
    const machine = new SyntheticMachine({ method: 'pml' }).track(4);
    for (const gfn of [1, 2]) machine.hostWrite(gfn, 0, 1);
    void machine.mt.fetchSublistAsync({ count: 4, wait: true });
    expect(availableDuring(machine, [1, 2, 3, 4, 5])).toEqual([2, 2, 2, 2, 4]);
    expect(machine.mt.stats().waiting).toBe(1);
  });

  it('nobody waits: the log is left to the exit', () => {
    const machine = new SyntheticMachine({ method: 'pml' }).track();
    expect(availableDuring(machine, [1, 2, 3, 4])).toEqual([0, 0, 0, 0]);
  });

  it('the trigger stays exact to the store', () => {
    const machine = new SyntheticMachine({ method: 'pml' }).track();
    machine.mt.mtDirtyTrigger(4);
    void machine.mt.fetchSublistAsync({ count: 3, wait: true });
    expect(machine.slice(store(1, 2, 3, 4, 5, 6))).toMatchObject({ exit: { kind: 'mt-dirty-trigger', dirty: 4 }, done: 4 });
  });

  it('what is logged between the alarm and the look counts for the next waiter', () => {
    const machine = new SyntheticMachine({ method: 'pml' }).track();
    // As two fetchers on other threads have them.
    const queue = new WaitQueue(machine.views.control, false);
    const fetches = new SublistFetch(machine.mt[INTERNALS].lists, queue, machine.arming, () => {});
    const [first, second] = [2, 1].map((count) => {
      const fetch = fetches.check({ count, wait: true });
      return { fetch, ticket: fetches.enqueue(fetch, 1) };
    });
    for (const gfn of [1, 2, 3]) machine.arming.noticeStore(0, gfn);
    expect(fetches.due(first!.ticket)).toBe(true);
    expect([...fetches.take(first!.fetch).gfns]).toEqual([1, 2]);
    expect(fetches.due(second!.ticket)).toBe(true);
    expect([...fetches.take(second!.fetch).gfns]).toEqual([3]);
  });
});
