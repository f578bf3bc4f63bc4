// Laws 1 and 2 (mt.md): a consumer that copies what is reported, when it may, holds the whole memory at each stop; and what
// is reported was written.

import { expect } from 'vitest';
import { begin, fetchAll, mine, randomOf } from './machine.ts';
import type { LawMachine, Store } from './machine.ts';

export interface CycleOptions {
  readonly seed: number;
  readonly cycles?: number;
  readonly flags?: number;
  /** Fetch with REARM while the cycle runs. */
  readonly rearm?: boolean;
}

/** Random stores and host writes in several slices a cycle, with fetches in between; the copy is compared at each stop. */
export function copyIsComplete(machine: LawMachine, { seed, cycles = 5, flags = 0, rearm = false }: CycleOptions): void {
  const random = randomOf(seed);
  const { mt, gfns } = machine;
  begin(machine, flags);
  const copy = new Map(gfns.map((gfn) => [gfn, new Uint8Array(machine.page(gfn))]));
  const take = (pages: readonly number[]): void => {
    for (const gfn of pages) copy.set(gfn, new Uint8Array(machine.page(gfn)));
  };
  for (let cycle = 1; cycle <= cycles; cycle++) {
    const reported: number[] = [];
    const written = new Set<number>();
    for (let slice = 0; slice < 4; slice++) {
      machine.stores(someStores(machine, random, written));
      if (random(2) === 0) write(machine, random, written);
      const fetched = mine(machine, [...mt.fetchSublist({ count: 1 + random(20), rearm }).gfns]);
      reported.push(...fetched);
      if (rearm) take(fetched);
    }
    mt.mtVmQuiesced();
    const rest = mine(machine, fetchAll(machine, rearm));
    reported.push(...rest);
    // A copy made when the page was re-armed is complete as it is; else it is only made now.
    take(rearm ? rest : reported);
    expect(
      gfns.filter((gfn) => Buffer.compare(machine.page(gfn), copy.get(gfn)!) !== 0),
      `lost in cycle ${cycle}`,
    ).toEqual([]);
    expect(
      [...new Set(reported)].filter((gfn) => !written.has(gfn)),
      'reported and not written',
    ).toEqual([]);
    mt.prepareMtCp(BigInt(cycle));
    expect(mt.stats().cycle.carried, 'entries carried over').toBe(0);
  }
}

function someStores(machine: LawMachine, random: (below: number) => number, written: Set<number>): Store[] {
  return Array.from({ length: 1 + random(40) }, () => {
    const store = { vcpu: random(machine.vcpus), gfn: machine.gfns[random(machine.gfns.length)], offset: random(4096), value: random(256) };
    written.add(store.gfn);
    return store;
  });
}

function write(machine: LawMachine, random: (below: number) => number, written: Set<number>): void {
  const gfn = machine.gfns[random(machine.gfns.length)];
  machine.hostWrite(gfn, random(4096), random(256));
  written.add(gfn);
}
