// What a law needs of a machine. A real one implements `stores` by a guest program that performs them.

import type { MemoryTracking } from '../../../src/mt/memory-tracking.ts';
import type { MtExit } from '../../../src/mt/types.ts';

export interface Store {
  readonly vcpu: number;
  readonly gfn: number;
  readonly offset?: number;
  /** One byte. */
  readonly value?: number;
}

export interface LawMachine {
  readonly mt: MemoryTracking;
  readonly vcpus: number;
  /** Pages a law may write; the guest itself, its tables and stacks are elsewhere. */
  readonly gfns: readonly number[];
  /** Carries out the stores in order, all vCPUs being out of guest mode on return. Stops early, with the exit, if MT asks for one. */
  stores(stores: readonly Store[]): MtExit | null;
  hostWrite(gfn: number, offset: number, value: number): void;
  /** The live bytes. */
  page(gfn: number): Uint8Array;
  /** Write misses that stores to tracked pages took so far. */
  writeMisses(): number;
}

/** A small generator (mulberry32), so that a law's choices follow from its seed. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export const NO_DUPS = 4;

/** Everything that waits. */
export function fetchAll(machine: LawMachine, rearm = false): number[] {
  const all: number[] = [];
  for (;;) {
    const { gfns, waiting } = machine.mt.fetchSublist({ count: 64, rearm });
    all.push(...gfns);
    if (waiting === 0) return all;
  }
}

/** Tracking on, in a first cycle with nothing left over. */
export function begin(machine: LawMachine, flags = 0, maxDirty = 0xffffffff): void {
  machine.mt.initMt({ op: 1, flags, maxDirty });
  machine.mt.enableMt(1);
  fetchAll(machine);
  machine.mt.prepareMtCp(0n);
}

/** Only the pages a law knows about: a guest's own pages (stack, tables) are reported too. */
export function mine(machine: LawMachine, gfns: readonly number[]): number[] {
  const known = new Set(machine.gfns);
  return gfns.filter((gfn) => known.has(gfn));
}
