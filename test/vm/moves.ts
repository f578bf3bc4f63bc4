// A whole guest that is saved at random points, and goes on elsewhere each time: it ends as if nothing had happened.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashMemory } from '../../src/snapshot/hash.ts';
import type { VmState } from '../../src/vm/save.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { loadGuest } from '../guests/run-guest.ts';
import type { LoadedGuest } from '../guests/run-guest.ts';
import { ENGINE_NAMES } from './support.ts';

/** As a file keeps it. */
export const kept = (state: VmState): VmState => JSON.parse(JSON.stringify(state)) as VmState;

/** What `from` is, on `to`. */
export function move(from: Vm, to: Vm): void {
  const state = kept(from.save());
  for (const { guestPhysAddr, memorySize } of from.memslots) {
    to.writeMemory(guestPhysAddr, from.readMemory(guestPhysAddr, memorySize));
  }
  to.restore(state);
}

export function finalState(vm: Vm): unknown {
  return { ...kept(vm.save()), memory: hashMemory(vm), now: vm.clock.now() };
}

/** Defines the tests: so many runs of each guest, with points by `seed`. */
export function describeMoves(numRuns: number, seed: number): void {
  describe.each(ENGINE_NAMES)('engine %s continues bit for bit', (engine) => {
    const guests: readonly [string, () => LoadedGuest][] = [
      ['kernel32, with timer interrupts', () => loadGuest({ image: 'kernel32/kernel32.elf', append: 'hz=10000', engine })],
      ['kernel64', () => loadGuest({ image: 'kernel64/kernel64.elf', append: 'hz=10000', engine })],
      ['smp64, in the middle of turns', () => loadGuest({ image: 'smp64/smp64.elf', append: 'cpus=4', vcpus: 4, quantum: 500, engine })],
    ];
    it.each(guests)('%s', (_name, load) => {
      const whole = load();
      while (whole.vm.runSlice(1e7).exit.kind === 'limit');
      const expected = finalState(whole.vm);
      const length = Number(whole.vm.retired);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: length }), { minLength: 1, maxLength: 3 }), (points) => {
          let guest = load();
          let output = '';
          for (const point of points.sort((a, b) => a - b)) {
            const rest = point - Number(guest.vm.retired);
            if (rest > 0) guest.vm.runSlice(rest);
            const next = load();
            move(guest.vm, next.vm);
            output += guest.output();
            guest = next;
          }
          while (guest.vm.runSlice(1e7).exit.kind === 'limit');
          expect(output + guest.output()).toBe(whole.output());
          expect(finalState(guest.vm)).toEqual(expected);
        }),
        { numRuns, seed },
      );
    });
  });
}

/** Defines the tests of moves between the tracking methods, by these engines. */
export function describeTracked(engines: readonly (typeof ENGINE_NAMES)[number][]): void {
  describe.each(engines)('engine %s continues bit for bit', (engine) => {
    it('with tracking on: the copy needs none, and the other way round', () => {
      const load = (tracking: 'none' | 'pml' | 'write-protect'): LoadedGuest =>
        loadGuest({ image: 'kernel32/kernel32.elf', append: 'hz=10000', engine, tracking });
      const whole = load('none');
      while (whole.vm.runSlice(1e7).exit.kind === 'limit');
      let guest = load('pml');
      for (const tracking of ['write-protect', 'none', 'pml'] as const) {
        if (guest.vm.config.tracking !== 'none') {
          guest.vm.mt.initMt({ op: 1, maxDirty: 1e6 });
          guest.vm.mt.enableMt(1);
          guest.vm.mt.prepareMtCp(1n);
        }
        guest.vm.runSlice((Number(whole.vm.retired) / 4) | 0);
        const next = load(tracking);
        move(guest.vm, next.vm);
        guest = next;
      }
      while (guest.vm.runSlice(1e7).exit.kind === 'limit');
      expect({ ...kept(guest.vm.save()) }).toEqual({ ...kept(whole.vm.save()) });
      expect(hashMemory(guest.vm)).toBe(hashMemory(whole.vm));
    });
  });
}
