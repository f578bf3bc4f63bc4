// Runs one benchmark in a process of its own, so that no other code has shaped the JIT's type feedback. scripts/bench.mjs
// bundles it together with the benchmark.

import type { Benchmark } from './benchmark.ts';
import { measure, NORMAL, QUICK, type ComparisonResult } from './measure.ts';
import { formatFigures, formatTable } from './report.ts';

/** Runs `benchmark`: tables on stdout, or with --json one JSON object with all results. --quick takes fewer, shorter rounds. */
export async function runBenchmark(name: string, benchmark: Benchmark, args: readonly string[]): Promise<void> {
  const json = args.includes('--json');
  const effort = args.includes('--quick') ? QUICK : NORMAL;
  if (!json) process.stdout.write(`${name}: ${benchmark.description}\n\n`);
  const results: ComparisonResult[] = [];
  for (const comparison of (await benchmark.comparisons?.()) ?? []) {
    const result = await measure(comparison, effort);
    results.push(result);
    if (!json) process.stdout.write(`${formatTable(result)}\n`);
  }
  const figures = (await benchmark.figures?.(effort)) ?? [];
  if (!json) for (const table of figures) process.stdout.write(`${formatFigures(table)}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ name, description: benchmark.description, results, figures })}\n`);
}
