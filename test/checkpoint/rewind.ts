// Going back to the end of a cycle, and on from there: what follows is what followed.

import { describe, expect, it } from 'vitest';
import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import { verifyRebuilds } from '../../src/checkpoint/rebuild.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import { hashMachine } from '../../src/snapshot/hash.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { ENGINE_NAMES } from '../vm/support.ts';
import { DIRTIER, loadedGuest, smp64 } from './support/guest.ts';

const MAX = 0xffffffff;

export const state = (vm: Vm): string => JSON.stringify([vm.save(), hashMachine(vm)]);

/** Runs cycles until `count` more or the guest's end; what the machine was at the end of each. */
export function run(vm: Vm, checkpointer: Checkpointer, count = Infinity): string[] {
  const states: string[] = [];
  while (states.length < count) {
    const { exit } = checkpointer.cycle();
    states.push(state(vm));
    if (exit.kind === 'hlt') break;
  }
  return states;
}

const CASES = [
  [DIRTIER, 90_001],
  [smp64(3), 2_009],
] as const;

const SETTINGS = ENGINE_NAMES.flatMap((engine, e) =>
  (['write-protect', 'pml'] as const).map((tracking, t) => ({ engine, tracking, turn: (e + t) % 2 })),
);

/** Defines the tests of every second engine and method, from the first or the second on. */
export function describeRewinds(first: 0 | 1): void {
  describe.each(SETTINGS.filter(({ turn }) => turn === first))('the $engine with $tracking', ({ engine, tracking }) => {
    it.each(CASES)('$0.name: each rewind is the end of that cycle, and what follows is what followed', (spec, instructions) => {
      const { vm } = loadedGuest(spec, { engine, tracking, verify: true });
      const store = new MemoryStore();
      const checkpointer = new Checkpointer(vm, store, { dirtyTrigger: 0, maxDirty: MAX, instructions, hash: true });
      checkpointer.start();
      const states = [state(vm), ...run(vm, checkpointer)];
      const last = states.length - 1;
      const reported = Array.from({ length: last }, (_, n) => [...store.delta(n + 1).pages.keys()].sort((a, b) => a - b));
      expect(last).toBeGreaterThanOrEqual(3);
      for (const cpid of [last - 1, 1, 0, last]) {
        expect(checkpointer.rewindTo(cpid)).toEqual(cpid === last ? { kind: 'hlt' } : null);
        expect(state(vm)).toBe(states[cpid]);
        expect(store.lastCycle).toBe(cpid);
        if (cpid === last) break;
        expect(run(vm, checkpointer)).toEqual(states.slice(cpid + 1));
        // The same pages, too: the rewind's own writes are not among them.
        for (let n = cpid + 1; n <= last; n++) expect([...store.delta(n).pages.keys()].sort((a, b) => a - b)).toEqual(reported[n - 1]);
        expect(verifyRebuilds(store)).toEqual({ checked: last + 1, wrong: [] });
      }
    });
  });
}
