import { describe, expect, it } from 'vitest';
import type { MtViews } from '../../src/mt/layout.ts';
import { SyntheticMachine } from './synthetic-machine.ts';

// Law 6, by counting every access to the per-page state and the lists.

class Accesses {
  count = 0;

  /** The same array, counting element accesses; a whole-array operation counts as its elements, a copy or view as its own. */
  watch<A extends Uint32Array | Uint8Array>(array: A): A {
    return new Proxy(array, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof key === 'string' && /^\d+$/.test(key)) this.count++;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const result: unknown = Reflect.apply(value, target, args);
          this.count += key === 'slice' || key === 'subarray' ? (result as Uint32Array).length : target.length;
          return result;
        };
      },
      set: (target, key, value) => {
        this.count++;
        return Reflect.set(target, key, value, target);
      },
    });
  }

  views(views: MtViews): MtViews {
    const { marks, waiting, flags, reportedIn, rings, rearmList, reportedList } = views;
    return {
      control: views.control,
      places: views.places,
      marks: this.watch(marks),
      waiting: this.watch(waiting),
      flags: this.watch(flags),
      reportedIn: this.watch(reportedIn),
      rings: rings.map((ring) => this.watch(ring)),
      rearmList: this.watch(rearmList),
      reportedList: this.watch(reportedList),
    };
  }
}

type Step = (machine: SyntheticMachine) => void;

/** Accesses that `action` makes on a machine of `pages` pages of which `dirty` were stored to. */
function cost(pages: number, dirty: number, action: Step, before: Step = () => {}): number {
  const accesses = new Accesses();
  const machine = new SyntheticMachine({ pages, wrapViews: (views) => accesses.views(views) }).track();
  machine.stores(Array.from({ length: dirty }, (_, gfn) => ({ vcpu: 0, gfn })));
  before(machine);
  accesses.count = 0;
  action(machine);
  return accesses.count;
}

const PER_PAGE = 16;

describe('law 6: cost', () => {
  it.each([
    [1, false],
    [1, true],
    [50, false],
    [50, true],
  ])('FETCH of %i entries (REARM %s) costs what it returns', (count, rearm) => {
    const fetch = (machine: SyntheticMachine): void => {
      machine.mt.fetchSublist({ count, rearm });
    };
    expect(cost(256, 100, fetch)).toBeLessThanOrEqual(PER_PAGE * count);
    expect(cost(8192, 100, fetch)).toBe(cost(256, 100, fetch));
    expect(cost(8192, 5000, fetch)).toBe(cost(256, 100, fetch));
  });

  it('FETCH of nothing touches no page state', () => {
    expect(
      cost(8192, 0, (machine) => {
        machine.mt.fetchSublist({ count: 1000 });
      }),
    ).toBe(0);
  });

  it.each([1, 50])('REARM of %i pages costs what it re-arms', (count) => {
    const rearm = (machine: SyntheticMachine): void => machine.mt.rearmDirtyPages();
    const fetch = (machine: SyntheticMachine): void => {
      machine.mt.fetchSublist({ count });
    };
    expect(cost(8192, 5000, rearm, fetch)).toBeLessThanOrEqual(PER_PAGE * count);
    expect(cost(8192, 5000, rearm, fetch)).toBe(cost(256, 100, rearm, fetch));
  });

  it('PREPARE and QUIESCED are O(1) when nothing was left over', () => {
    const fetchAll = (machine: SyntheticMachine): void => {
      machine.fetchAll(true);
    };
    expect(cost(8192, 5000, (machine) => machine.mt.prepareMtCp(1n), fetchAll)).toBe(0);
    expect(cost(8192, 5000, (machine) => machine.mt.mtVmQuiesced(), fetchAll)).toBe(0);
    expect(
      cost(8192, 5000, (machine) => machine.mt.prepareMtCp(1n)),
      'entries carried over need no look',
    ).toBe(0);
  });

  it('asks for exactly the pages it re-arms', () => {
    const machine = new SyntheticMachine({ pages: 1024 }).track();
    machine.stores(Array.from({ length: 500 }, (_, gfn) => ({ vcpu: 0, gfn })));
    machine.mt.fetchSublist({ count: 7, rearm: true });
    machine.mt.fetchSublist({ count: 5 });
    machine.mt.rearmDirtyPages();
    expect(machine.arming.calls).toMatchObject({ rearm: 2, rearmedPages: 12 });
  });
});
