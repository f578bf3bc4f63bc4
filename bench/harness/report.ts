import type { FigureTable } from './benchmark.ts';
import type { ComparisonResult } from './measure.ts';

const PREFIXES = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
] as const;

/** Three significant digits with an SI prefix: 1234567 → '1.23 M'. */
export function si(value: number): string {
  const [scale, prefix] = PREFIXES.find(([limit]) => value >= limit) ?? [1, ''];
  return `${(value / scale).toPrecision(3)} ${prefix}`;
}

/** A comparison as aligned text. */
export function formatTable({ title, unit, rounds, measurements }: ComparisonResult): string {
  const rows = [
    ['', `${unit}/s`, 'spread', 'ratio'],
    ...measurements.map(({ name, rate, spread, ratio }) => [name, si(rate), `±${(spread * 100).toFixed(1)} %`, `${ratio.toFixed(2)}×`]),
  ];
  return [`${title} (median of ${rounds} interleaved rounds)`, ...alignColumns(rows), ''].join('\n');
}

/** Figures as aligned text, each with three significant digits; whole numbers as they are. */
export function formatFigures({ title, columns, rows }: FigureTable): string {
  const figure = (cell: string | number): string =>
    typeof cell === 'string' ? cell : Number.isInteger(cell) ? `${cell}` : `${Number(cell.toPrecision(3))}`;
  return [title, ...alignColumns([columns, ...rows.map((row) => row.map(figure))]), ''].join('\n');
}

/** The first column to the left, the others to the right. */
function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number): string => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!));
  return rows.map((row) => `  ${row.map(pad).join('   ')}`);
}
