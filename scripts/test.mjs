// `npm test`: sets up what is missing, makes the checks below (build, declarations, types, dead code, lint), runs the tests, and ends
// with one line
//     N passed, N failed[, N skipped]
// Arguments go to Vitest: `npm test -- test/mt` runs only those files (and leaves the checks out). `--long` runs the long suites.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ROOT, SetupError, ensureBuilt, ensurePackages, say } from './setup.mjs';
import { ensureTypes } from './types.mjs';

const bin = (name) => join(ROOT, 'node_modules/.bin', name);

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) say(`cannot run ${command}: ${error.message}`);
  return status ?? 1;
}

/** What must hold before any test means something; each counts as one test. */
const CHECKS = [
  [
    'the bundles build',
    async () => {
      await ensureBuilt();
      return true;
    },
  ],
  [
    "the API's declarations are whole",
    async () => {
      await ensureTypes();
      return true;
    },
  ],
  ['types', () => run(bin('tsc'), ['--noEmit', '-p', '.']) === 0],
  ["types of the core, without Node's and the DOM's", () => run(bin('tsc'), ['--noEmit', '-p', 'src']) === 0],
  ["types of the page, with the DOM's", () => run(bin('tsc'), ['--noEmit', '-p', 'src/web']) === 0],
  ['no dead files, exports and packages', () => run(bin('knip'), []) === 0],
  ['format and lint', () => run(bin('biome'), ['ci', '--colors=off', '--max-diagnostics=50', '.']) === 0],
];

async function runChecks() {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, check] of CHECKS) {
    const good = await Promise.resolve()
      .then(check)
      .catch((error) => {
        say(error instanceof SetupError ? error.message : error.stack);
        return false;
      });
    process.stdout.write(`${good ? 'ok  ' : 'FAIL'} ${name}\n`);
    totals[good ? 'passed' : 'failed'] += 1;
  }
  return totals;
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** Names the files that took longest, in seconds of wall-clock time, so that somebody sees when a suite grows. */
function saySlowest(report, most = 8) {
  const files = report.testResults.map(({ name, startTime, endTime }) => ({
    path: relative(ROOT, name),
    seconds: (endTime - startTime) / 1000,
  }));
  files.sort((a, b) => b.seconds - a.seconds);
  if (files.length <= most) return;
  const text = files.slice(0, most).map(({ path, seconds }) => `  ${seconds.toFixed(1).padStart(6)} s  ${path}\n`);
  process.stdout.write(`the slowest of ${files.length} test files:\n${text.join('')}`);
}

/** Totals from Vitest's JSON report. A file that fails without a failing test (it does not load) counts as one failure. */
function countReport(report, status) {
  const statuses = report.testResults.flatMap(({ assertionResults }) => assertionResults.map((result) => result.status));
  const count = (wanted) => statuses.filter((found) => found === wanted).length;
  const unloaded = report.testResults.filter(
    ({ status: file, assertionResults }) => file === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
  ).length;
  const passed = count('passed');
  const failed = count('failed') + unloaded;
  // Vitest also fails for what belongs to no test, such as an unhandled rejection or a filter that matches no file.
  return { passed, failed: failed === 0 && status !== 0 ? 1 : failed, skipped: statuses.length - passed - count('failed') };
}

function runVitest(args) {
  const directory = mkdtempSync(join(tmpdir(), 'test-report-'));
  try {
    const path = join(directory, 'report.json');
    const status = run(bin('vitest'), ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${path}`, ...args]);
    const report = readReport(path);
    if (report) saySlowest(report);
    return report ? countReport(report, status) : { passed: 0, failed: status === 0 ? 0 : 1, skipped: 0 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function main() {
  const long = process.argv.includes('--long');
  const args = process.argv.slice(2).filter((argument) => argument !== '--long');
  ensurePackages();
  const checks = long || args.length > 0 ? { passed: 0, failed: 0, skipped: 0 } : await runChecks();
  const tests = runVitest([...(long ? ['--mode', 'long', '--passWithNoTests'] : []), ...args]);
  const sum = (key) => checks[key] + tests[key];
  process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed${sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : ''}\n`);
  process.exitCode = sum('failed') === 0 ? 0 : 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.stdout.write('0 passed, 1 failed\n');
  process.exitCode = 1;
}
