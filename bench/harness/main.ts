// Runs one benchmark in a process of its own, so that no other code has shaped the JIT's type feedback. scripts/bench.mjs
// bundles it together with the benchmark.

import type { Benchmark, Choices } from './benchmark.ts';
import { CHILD, answer } from './child.ts';
import { measure, NORMAL, QUICK, type ComparisonResult } from './measure.ts';
import { formatFigures, formatTable } from './report.ts';

/** The options that are not every benchmark's. Throws for one that this benchmark does not have. */
function choicesOf(name: string, { options = [] }: Benchmark, args: readonly string[]): Choices {
  const choices: Record<string, readonly string[] | true> = {};
  for (const argument of args.filter((one) => one !== '--json' && one !== '--quick')) {
    const [option, words] = argument.replace(/^--/, '').split('=', 2) as [string, string?];
    if (!options.includes(option)) throw new Error(`the benchmark '${name}' has no option '--${option}'`);
    choices[option] = words === undefined ? true : words.split(',');
  }
  return choices;
}

/** Runs `benchmark`: tables on stdout, or with --json one JSON object with all results. --quick takes fewer, shorter rounds. */
export async function runBenchmark(name: string, benchmark: Benchmark, args: readonly string[]): Promise<void> {
  if (args[0] === CHILD) return answer(await benchmark.child!(JSON.parse(args[1]!)));
  const choices = choicesOf(name, benchmark, args);
  const json = args.includes('--json');
  const effort = args.includes('--quick') ? QUICK : NORMAL;
  if (!json) process.stdout.write(`${name}: ${benchmark.description}\n\n`);
  const results: ComparisonResult[] = [];
  for (const comparison of (await benchmark.comparisons?.()) ?? []) {
    const result = await measure(comparison, effort);
    results.push(result);
    if (!json) process.stdout.write(`${formatTable(result)}\n`);
  }
  const figures = (await benchmark.figures?.(effort, choices)) ?? [];
  if (!json) for (const table of figures) process.stdout.write(`${formatFigures(table)}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ name, description: benchmark.description, results, figures })}\n`);
}
