import { describe, expect, it } from 'vitest';
import { CELL_CHARACTERS, Cell, PageHistory, RECENT_CYCLES, mapRows, planMap } from '../../src/cli/demo/page-map.ts';

describe('the plan of the map', () => {
  it.each([
    [3584, 67, 15, { columns: 64, rows: 14, pagesPerCell: 4 }],
    [3584, 187, 41, { columns: 128, rows: 28, pagesPerCell: 1 }],
    [3584, 64, 14, { columns: 64, rows: 14, pagesPerCell: 4 }],
    [3585, 64, 14, { columns: 64, rows: 8, pagesPerCell: 8 }],
    [1, 1, 1, { columns: 1, rows: 1, pagesPerCell: 1 }],
    [262144, 1, 1, { columns: 1, rows: 1, pagesPerCell: 262144 }],
    [5, 127, 9, { columns: 64, rows: 1, pagesPerCell: 1 }],
  ])('%i pages in %i by %i cells', (pages, columns, rows, plan) => expect(planMap(pages, columns, rows)).toEqual({ pages, ...plan }));

  it('has a cell for every page and no cell too many, at every size', () => {
    for (const pages of [1, 63, 64, 65, 1000, 16384]) {
      for (const [columns, rows] of [
        [1, 1],
        [16, 3],
        [67, 15],
        [187, 41],
        [300, 90],
      ] as const) {
        const plan = planMap(pages, columns, rows);
        const map = mapRows(plan, () => Cell.CLEAN);
        expect(plan.columns).toBeLessThanOrEqual(columns);
        expect(map.length).toBeLessThanOrEqual(rows);
        expect(map.every(({ cells }) => cells.length >= 1 && cells.length <= plan.columns)).toBe(true);
        expect(map.reduce((sum, { cells }) => sum + cells.length, 0)).toBe(Math.ceil(pages / plan.pagesPerCell));
      }
    }
  });
});

describe('the rows of the map', () => {
  const drawn = (pages: number, columns: number, rows: number, states: Readonly<Record<number, Cell>>) =>
    mapRows(planMap(pages, columns, rows), (gfn) => states[gfn] ?? Cell.CLEAN).map(
      ({ gfn, cells }) => `${gfn} ${cells.map((cell) => CELL_CHARACTERS[cell]).join('')}`,
    );

  it('show each page in its place, the last row as long as there are pages', () => {
    expect(drawn(10, 4, 5, { 0: Cell.DIRTY, 5: Cell.RECENT, 9: Cell.EARLIER })).toEqual(['0 #...', '4 .+..', '8 .:']);
  });

  it('show for several pages the one that changed last', () => {
    expect(drawn(16, 4, 1, { 0: Cell.EARLIER, 3: Cell.DIRTY, 4: Cell.RECENT, 5: Cell.EARLIER, 15: Cell.EARLIER })).toEqual(['0 #+.:']);
  });
});

describe('the history of pages', () => {
  it('lets a report grow old', () => {
    const history = new PageHistory(8);
    expect(history.state(3)).toBe(Cell.CLEAN);
    history.report(1, [3, 4]);
    expect([history.state(3), history.state(4), history.state(5)]).toEqual([Cell.DIRTY, Cell.DIRTY, Cell.CLEAN]);
    history.report(2, [4]);
    expect([history.state(3), history.state(4)]).toEqual([Cell.RECENT, Cell.DIRTY]);
    history.report(1 + RECENT_CYCLES, []);
    expect([history.state(3), history.state(4)]).toEqual([Cell.RECENT, Cell.RECENT]);
    history.report(2 + RECENT_CYCLES, [5]);
    expect([history.state(3), history.state(4), history.state(5)]).toEqual([Cell.EARLIER, Cell.RECENT, Cell.DIRTY]);
  });

  it('counts each page once and passes over pages that are not on the map', () => {
    const history = new PageHistory(4);
    history.report(1, [0, 1, 900]);
    history.report(2, [1, 2, 4]);
    expect(history.distinct).toBe(3);
  });
});
