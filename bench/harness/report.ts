import type { ComparisonResult } from './measure.ts';

const PREFIXES = [[1e9, 'G'], [1e6, 'M'], [1e3, 'k'], [1, '']] as const;

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
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number): string => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!));
  const lines = rows.map((row) => row.map(pad).join('   '));
  return [`${title} (median of ${rounds} interleaved rounds)`, ...lines.map((line) => `  ${line}`), ''].join('\n');
}
