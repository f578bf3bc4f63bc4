import { describe, expect, it } from 'vitest';
import { PageState, PageStates } from '../../src/web/page-states.ts';

const { CLEAN, EARLIER, REPORTED, DIRTY } = PageState;

describe('PageStates', () => {
  it('takes a page from clean through dirty and reported to reported earlier', () => {
    const states = new PageStates(4);
    const seen = (): number[] => [0, 1, 2, 3].map((gfn) => states.state(gfn));
    expect(seen()).toEqual([CLEAN, CLEAN, CLEAN, CLEAN]);
    states.write([1, 2]);
    expect(seen()).toEqual([CLEAN, DIRTY, DIRTY, CLEAN]);
    states.report(1, [1, 2]);
    expect(seen()).toEqual([CLEAN, REPORTED, REPORTED, CLEAN]);
    states.write([2]);
    expect(seen()).toEqual([CLEAN, REPORTED, DIRTY, CLEAN]);
    states.report(2, [2, 3]);
    expect(seen()).toEqual([CLEAN, EARLIER, REPORTED, REPORTED]);
    states.report(3, []);
    expect(seen()).toEqual([CLEAN, EARLIER, EARLIER, EARLIER]);
  });

  it('counts pages once, however often they are reported', () => {
    const states = new PageStates(4);
    states.report(1, [1, 2]);
    states.report(2, [2, 3]);
    states.write([0, 1]);
    expect([states.distinct, states.dirtyPages, states.lastReport(2), states.lastReport(0)]).toEqual([3, 2, 2, 0]);
  });
});
