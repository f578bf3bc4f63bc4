// `npm run bench [-- NAME… --json --quick …]`: bundles each bench/*.bench.ts with the harness and runs it in a process of its own.
// Names select the benchmarks whose file name contains one of them.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { COMMON, buildFailure } from './build.mjs';
import { ROOT, SetupError, ensurePackages, say } from './setup.mjs';

const OUT = join(ROOT, '.cache/bench');
const SUFFIX = '.bench.ts';
/** Options that some benchmark has, and checks itself: alone, or with a word. */
const ALONE = { bare: { type: 'boolean' }, linux: { type: 'boolean' } };
const WITH_WORD = { class: { type: 'string' }, under: { type: 'string' }, bits: { type: 'string' }, rounds: { type: 'string' } };

/** The names, and the options in the form in which a bundle takes them. Throws SetupError for an option that no benchmark has. */
function parse(args) {
  const options = { json: { type: 'boolean' }, quick: { type: 'boolean' }, ...ALONE, ...WITH_WORD };
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const flags = Object.entries(values).map(([option, value]) => (value === true ? `--${option}` : `--${option}=${value}`));
    return { flags, filters: positionals };
  } catch (error) {
    throw new SetupError(
      `${error.message}; there are ${Object.keys(options)
        .map((option) => `--${option}`)
        .join(', ')}`,
    );
  }
}

/** Bundles the benchmark `name` and returns the path of what to run. */
async function bundle(name) {
  const { build } = await import('esbuild');
  const outfile = join(OUT, `${name}.mjs`);
  const contents = [
    `import benchmark from './bench/${name}${SUFFIX}';`,
    "import { runBenchmark } from './bench/harness/main.ts';",
    `await runBenchmark(${JSON.stringify(name)}, benchmark, process.argv.slice(2));`,
  ].join('\n');
  await build({ ...COMMON, stdin: { contents, resolveDir: ROOT, sourcefile: `${name}.entry.mjs` }, outfile }).catch((error) => {
    throw buildFailure(error);
  });
  return outfile;
}

/** Runs a bundle; its standard output if `json`, else null once it was shown. */
function run(path, json, flags) {
  const { status, stdout } = spawnSync(process.execPath, ['--enable-source-maps', path, ...flags], {
    cwd: ROOT,
    stdio: ['ignore', json ? 'pipe' : 'inherit', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new SetupError(`benchmark ${path} failed with status ${status}`);
  return json ? JSON.parse(stdout) : null;
}

async function main(args) {
  const { flags, filters } = parse(args);
  const all = readdirSync(join(ROOT, 'bench'))
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort();
  const names = all.filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)));
  if (names.length === 0) throw new SetupError(`no benchmark is called like that; there are: ${all.join(', ') || 'none'}`);

  ensurePackages();
  mkdirSync(OUT, { recursive: true });
  const json = flags.includes('--json');
  const host = { node: process.versions.node, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
  if (!json) process.stdout.write(`Node ${host.node} on ${host.cores} × ${host.cpu}\n\n`);
  const benchmarks = [];
  for (const name of names) benchmarks.push(run(await bundle(name), json, flags));
  if (json) process.stdout.write(`${JSON.stringify({ host, benchmarks }, null, 2)}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
