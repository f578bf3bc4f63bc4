// Laws 3 to 6 (mt.md): what one entry stands for, how many there can be, in which order they come, and what they cost.

import { expect } from 'vitest';
import { NO_DUPS, begin, fetchAll, mine } from './machine.ts';
import type { LawMachine } from './machine.ts';

const hits = (pages: readonly number[], gfn: number): number => pages.filter((page) => page === gfn).length;

/** Law 3: one entry per source and arming; with NO_DUPS one per arming. */
export function oncePerSource(machine: LawMachine, flags: number): void {
  begin(machine, flags);
  const [page, other] = machine.gfns;
  for (let i = 0; i < 3; i++) {
    machine.stores([
      { vcpu: 0, gfn: page, value: i },
      { vcpu: machine.vcpus - 1, gfn: page, value: i + 1 },
    ]);
    machine.hostWrite(page, 8, i);
  }
  const first = fetchAll(machine, true);
  expect(hits(first, page)).toBe(flags === NO_DUPS ? 1 : 2);
  expect(hits(first, other)).toBe(0);
  // Re-armed: a write after that is logged again, by each source.
  machine.hostWrite(page, 8, 9);
  machine.stores([{ vcpu: 0, gfn: page, value: 9 }]);
  expect(hits(fetchAll(machine), page)).toBe(flags === NO_DUPS ? 1 : 2);
}

/** Law 3: a host-side write leaves the page's arming alone, so a guest store after it is still noticed. */
export function hostWriteLeavesArming(machine: LawMachine): void {
  begin(machine);
  const gfn = machine.gfns[0];
  machine.hostWrite(gfn, 0, 1);
  expect(hits(fetchAll(machine), gfn)).toBe(1);
  machine.stores([{ vcpu: 0, gfn }]);
  expect(hits(fetchAll(machine), gfn)).toBe(1);
}

/** Law 4: however often pages are written, fetched and re-armed, no more waits than pages times sources. */
export function boundedLists(machine: LawMachine): void {
  begin(machine);
  const { gfns, mt } = machine;
  for (let round = 0; round < 4 * machine.vcpus; round++) {
    // What was not fetched is carried, so the lists grow as long as the law lets them.
    mt.prepareMtCp(BigInt(round));
    machine.stores(gfns.map((gfn) => ({ vcpu: round % machine.vcpus, gfn, value: round })));
    mt.fetchSublist({ count: gfns.length >> 1, rearm: true });
    for (const gfn of gfns) machine.hostWrite(gfn, 1, round);
  }
  expect(mt.stats().waiting).toBeLessThanOrEqual(gfns.length * (machine.vcpus + 1));
}

/** Law 4: `max_dirty` bounds the cycle, but for what is in flight: 512 log entries per vCPU, and host-side writes. */
export function boundedCycle(machine: LawMachine, maxDirty: number): void {
  begin(machine, 0, maxDirty);
  const hostWrites = 3;
  machine.gfns.slice(0, hostWrites).forEach((gfn) => machine.hostWrite(gfn, 0, 1));
  const exit = machine.stores(machine.gfns.map((gfn, i) => ({ vcpu: i % machine.vcpus, gfn })));
  expect(exit).toMatchObject({ kind: 'mt-list-full', cpid: 0n });
  expect(exit?.dirty).toBeGreaterThanOrEqual(maxDirty);
  expect(exit?.dirty).toBeLessThanOrEqual(maxDirty + 512 * machine.vcpus + hostWrites);
}

/** Law 5: the host's entries first, then vCPU 0, 1, …; each source's in the order of first writes. */
export function orderOfEntries(machine: LawMachine): void {
  begin(machine);
  const [a, b, c, d, e, f] = machine.gfns;
  const last = machine.vcpus - 1;
  machine.stores([
    { vcpu: last, gfn: c },
    { vcpu: 0, gfn: b },
    { vcpu: last, gfn: a },
    { vcpu: 0, gfn: d },
    { vcpu: 0, gfn: b },
  ]);
  machine.hostWrite(f, 0, 1);
  machine.hostWrite(e, 0, 1);
  machine.hostWrite(f, 0, 2);
  const expected = last === 0 ? [f, e, c, b, a, d] : [f, e, b, d, c, a];
  expect(mine(machine, [...fetchAll(machine)])).toEqual(expected);
}

/** Law 6: exactly one write miss per page and arming; stores to pages already dirty take none. */
export function oneMissPerArming(machine: LawMachine): void {
  begin(machine);
  const gfns = machine.gfns.slice(0, 8);
  const round = (): void => {
    machine.stores([...gfns, ...gfns, ...gfns].map((gfn) => ({ vcpu: 0, gfn })));
  };
  // The guest's own pages are armed as well, so the law is about the difference that a further round makes.
  round();
  const warm = machine.writeMisses();
  round();
  expect(machine.writeMisses() - warm).toBe(0);
  fetchAll(machine, true);
  const before = machine.writeMisses();
  machine.stores([]);
  const own = machine.writeMisses() - before;
  round();
  expect(machine.writeMisses() - before - own).toBe(gfns.length);
}
