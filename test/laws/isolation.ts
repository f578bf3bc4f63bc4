import { describe, expect, it } from 'vitest';
import { randomOf } from '../mt/laws/machine.ts';
import { configurations } from './support/configurations.ts';
import { loadGuest } from './support/guests.ts';
import type { LoadedGuest } from './support/guests.ts';
import { outcomeOf, requireTranslated, runToEnd } from './support/outcome.ts';

// A run depends on its input alone: not on another machine in the process, not on how it is cut into slices.

const guestFor = (vcpus: number) =>
  vcpus === 1
    ? { image: 'dirtier/dirtier-32', append: 'pages=67 iterations=8 group=2 rate=20' }
    : { image: 'smp64/smp64', append: 'cpus=4 rounds=3000' };

const cases = configurations().map((configuration, n) => ({ ...configuration, turn: (n + (n >> 1) + (n >> 2)) % 2 }));

/** Defines the tests of every second configuration, from the first or the second on. */
export function describeIsolation(first: 0 | 1): void {
  describe.each(cases.filter(({ turn }) => turn === first))(
    'determinism, $engine, $tracking, $vcpus vCPUs',
    ({ turn: _, ...configuration }) => {
      const machine = (): LoadedGuest => {
        const loaded = loadGuest(guestFor(configuration.vcpus), { ...configuration, quantum: 1_777 });
        loaded.vm.mt.initMt({ op: 1, flags: 4, maxDirty: 0xffff });
        loaded.vm.mt.enableMt(1);
        return loaded;
      };

      it('the same input gives the same run, bit for bit, whatever the slices', () => {
        const first = machine();
        const expected = runToEnd(first.vm);
        expect(expected.exit).toBe('hlt');
        requireTranslated(first.vm);
        for (const slice of [Infinity, 100_003, 1_777, 611]) {
          const again = machine();
          expect(runToEnd(again.vm, slice), `slices of ${slice}`).toEqual(expected);
          expect(again.text()).toBe(first.text());
          expect(again.vm.mt.fetchSublist({ count: 100_000 }).gfns).toEqual(first.vm.mt.fetchSublist({ count: 100_000 }).gfns);
          first.vm.mt.abort();
        }
      });

      it('two machines in one process do not influence each other', () => {
        const alone = machine();
        const expected = runToEnd(alone.vm);
        requireTranslated(alone.vm);
        const pair = [machine(), machine()];
        const random = randomOf(9);
        const ended = [false, false];
        while (ended.includes(false)) {
          const which = random(2);
          if (ended[which]) continue;
          const { vm } = pair[which];
          if (random(3) === 0) vm.mt.fetchSublist({ count: 1 + random(20), rearm: true });
          ended[which] = vm.runSlice(1 + random(60_000)).exit.kind !== 'limit';
        }
        for (const { vm, text } of pair) {
          expect({ ...outcomeOf(vm), exit: 'hlt' }).toEqual(expected);
          expect(text()).toBe(alone.text());
        }
      });
    },
  );
}
