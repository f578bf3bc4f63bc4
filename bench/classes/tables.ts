// Times as tables: seconds of processor time, the best round of each.

import type { FigureTable } from '../harness/benchmark.ts';
import type { Times } from './rounds.ts';

const best = (values: readonly number[]): number => Math.min(...values);
/** How much the worst round took longer than the best, in per cent. */
const spread = (values: readonly number[]): number => (Math.max(...values) / best(values) - 1) * 100;

/** A row for each class; for each runner the best, its main thread's, and the spread. */
export function timeTable(title: string, times: readonly Times[]): FigureTable {
  const runners = [...new Set(times.map(({ runner }) => runner))];
  const classes = [...new Set(times.map(({ className }) => className))];
  const columns = ['seconds', ...runners.flatMap((name) => [name, 'main', '± %']), 'checksum'];
  const rows = classes.map((className) => {
    const ofClass = times.filter((one) => one.className === className);
    const cells = ofClass.flatMap(({ spent }) => {
      const main = spent.map((one) => one.main ?? Number.NaN);
      const all = spent.map((one) => one.all);
      return [best(all), Number.isNaN(main[0]) ? '–' : best(main), Math.round(spread(all))];
    });
    const { checksum } = ofClass[0]!;
    const others = ofClass.filter((one) => one.checksum !== checksum).map(({ runner }) => runner);
    return [className, ...cells, others.length === 0 ? checksum : `${others.join(', ')} differ`];
  });
  return { title, columns, rows };
}
