// Times as tables. With the native run among them, the others are shown as multiples of it.

import type { FigureTable } from '../harness/benchmark.ts';
import { geometricMean, worstOverBest } from '../harness/statistics.ts';
import type { Group, WorkClass } from './catalog.ts';
import type { CpuTime } from './marks.ts';
import type { Measured, Times } from './rounds.ts';
import type { Form } from './runners.ts';

const NATIVE = 'native';
type Cell = string | number;

/** One column: a runner's time of all threads, or that of its main thread. */
interface Column {
  readonly runner: string;
  readonly title: string;
  readonly of: (spent: CpuTime) => number | null;
}

const formTitle = ({ name, bits }: Form): string => (name === 'bare' ? `${bits}-bit, bare` : `${bits}-bit, under Linux`);

/** The best of some rounds; null where there is none. */
function best(spent: readonly CpuTime[], of: Column['of']): number | null {
  const values = spent.map(of).filter((value) => value !== null);
  return values.length === 0 ? null : Math.min(...values);
}

/** A column for each runner, and one more for the main thread of those that have others beside it. */
function columnsOf(runners: readonly string[], spentBy: (runner: string) => readonly CpuTime[]): Column[] {
  const all = (runner: string): Column => ({ runner, title: runner, of: (one) => one.all });
  const main = (runner: string): Column => ({ runner, title: '(main)', of: (one) => one.main });
  const alone = (runner: string): boolean => runner === NATIVE || spentBy(runner)[0]!.main === null;
  return runners.flatMap((runner) => (alone(runner) ? [all(runner)] : [all(runner), main(runner)]));
}

const runnersOf = (times: readonly Times[]): string[] => [...new Set(times.map(({ runner }) => runner))];
const find = (times: readonly Times[], runner: string, className: string): Times | undefined =>
  times.find((one) => one.runner === runner && one.className === className);

/** What a column shows of a class: seconds, or the multiple of the native run's. */
function figure(times: readonly Times[], { runner, of }: Column, className: string): number | null {
  const value = best(find(times, runner, className)!.spent, of);
  const native = find(times, NATIVE, className);
  if (value === null || !native || runner === NATIVE) return value;
  return value / best(native.spent, (one) => one.all)!;
}

/** Who has another checksum than the first, or the checksum. */
function checksums(times: readonly Times[], className: string): string {
  const all = times.filter((one) => one.className === className);
  const others = all.filter(({ checksum }) => checksum !== all[0]!.checksum).map(({ runner }) => runner);
  return others.length === 0 ? all[0]!.checksum : `${others.join(', ')} differ${others.length === 1 ? 's' : ''}`;
}

/** A row for each class: the best of each column, how much the worst round of a runner took longer, and the checksum. */
export function classTable(form: Form, rounds: number, { times }: Measured): FigureTable {
  const runners = runnersOf(times);
  const classes = [...new Set(times.map(({ className }) => className))];
  const columns = columnsOf(runners, (runner) => find(times, runner, classes[0]!)!.spent);
  const units = runners.includes(NATIVE) ? `${NATIVE} in seconds, the others as multiples of it` : 'seconds';
  const cells = (className: string): Cell[] =>
    columns.flatMap((column, n): Cell[] => {
      const { spent } = find(times, column.runner, className)!;
      const last = columns[n + 1]?.runner !== column.runner;
      return [figure(times, column, className) ?? '–', ...(last ? [worstOverBest(spent.map((one) => one.all))] : [])];
    });
  const titles = columns.flatMap(({ title, runner }, n) => (columns[n + 1]?.runner === runner ? [title] : [title, '+ %']));
  return {
    title: `${formTitle(form)}: processor time, best of ${rounds}; ${units}`,
    columns: ['class', ...titles, 'checksum'],
    rows: classes.map((className) => [className, ...cells(className), checksums(times, className)]),
  };
}

/** A row for each group of classes and form: geometric means. */
export function meanTable(
  forms: readonly { readonly form: Form; readonly measured: Measured }[],
  classes: readonly WorkClass[],
): FigureTable {
  const runners = [...new Set(forms.flatMap(({ measured }) => runnersOf(measured.times)))];
  const spentBy = (runner: string): readonly CpuTime[] =>
    forms.flatMap(({ measured }) => measured.times).find((one) => one.runner === runner)!.spent;
  const columns = columnsOf(runners, spentBy);
  const groups = [...new Set(classes.map(({ group }) => group))];
  const mean = ({ times }: Measured, column: Column, group: Group): Cell => {
    const members = classes.filter((one) => one.group === group && find(times, column.runner, one.name));
    const figures = members.map(({ name }) => figure(times, column, name)).filter((value) => value !== null);
    return figures.length === 0 ? '–' : geometricMean(figures);
  };
  const rows = groups.flatMap((group) =>
    forms.map(({ form, measured }) => [`${group}, ${formTitle(form)}`, ...columns.map((column) => mean(measured, column, group))]),
  );
  return { title: 'Geometric means', columns: ['group', ...columns.map(({ title }) => title)], rows };
}

/** A row for each runner: from nothing to the first line of Linux's first program. */
export function bootTable({ boots }: Measured): FigureTable {
  const rows = [...boots]
    .filter(([runner]) => runner !== NATIVE)
    .map(([runner, spent]): Cell[] => [
      runner,
      best(spent, (one) => one.all)!,
      best(spent, (one) => one.main) ?? '–',
      worstOverBest(spent.map((one) => one.all)),
    ]);
  return { title: "Boots of Linux to its first program's first line: seconds", columns: ['', 'all', '(main)', '+ %'], rows };
}
