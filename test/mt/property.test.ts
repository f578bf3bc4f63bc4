import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Model } from './model.ts';
import { SyntheticMachine } from './synthetic-machine.ts';
import type { Method } from './synthetic-arming.ts';

// Random sequences of calls, against the model: same entries in the same order, same counts, and the lost-write oracle silent.

const PAGES = 12;
const VCPUS = 3;

const gfn = fc.nat(PAGES - 1);
const vcpu = fc.nat(VCPUS - 1);
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('store' as const), vcpu, gfn, value: fc.nat(255) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('host' as const), gfn, value: fc.nat(255) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('fetch' as const), count: fc.integer({ min: 1, max: 8 }), rearm: fc.boolean() }) },
  ...(['rearm', 'quiesce', 'prepare', 'abort'] as const).map((kind) => ({ weight: 1, arbitrary: fc.record({ kind: fc.constant(kind) }) })),
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('slot' as const), gfn }) },
);

describe.each<[Method, number]>([
  ['write-protect', 0],
  ['write-protect', 4],
  ['pml', 0],
  ['pml', 4],
])('%s, flags %i', (method, flags) => {
  it('agrees with the model', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const machine = new SyntheticMachine({ vcpus: VCPUS, pages: PAGES, method, verify: true }).track(flags);
        const { mt } = machine;
        const model = new Model(VCPUS, PAGES, flags !== 0);
        for (const step of commands) {
          if (step.kind === 'store') {
            if (model.quiesced || model.dirty >= PAGES) continue;
            machine.stores([step]);
            model.store(step.vcpu, step.gfn);
          } else if (step.kind === 'host') {
            machine.hostWrite(step.gfn, 1, step.value);
            model.hostWrite(step.gfn);
          } else if (step.kind === 'fetch') {
            expect([...mt.fetchSublist({ count: step.count, rearm: step.rearm }).gfns]).toEqual(model.fetch(step.count, step.rearm));
          } else if (step.kind === 'rearm') {
            mt.rearmDirtyPages();
            model.rearm();
          } else if (step.kind === 'quiesce') {
            mt.mtVmQuiesced();
            model.quiesced = true;
          } else if (step.kind === 'prepare') {
            mt.prepareMtCp(1n);
            model.prepare();
          } else if (step.kind === 'abort') {
            mt.abort();
            model.abort();
          } else if (step.kind === 'slot') {
            const count = Math.min(3, PAGES - step.gfn);
            mt.slotDeleted(step.gfn, count);
            mt.slotAdded(step.gfn, count);
            model.replaceSlot(step.gfn, count);
          }
          expect(mt.stats()).toMatchObject({ waiting: model.waiting, dirty: model.dirty });
        }
        expect(machine.fetchAll()).toEqual(model.fetch(Infinity, false));
      }),
      { numRuns: 400, seed: 20160426 },
    );
  });
});
