// Runs what a document shows. Two kinds of blocks are run, in order and in one directory that sees `bin` and `guests`:
//
//   ```js        a whole program that imports 'tidemark'; the next block, ```text, is what it prints
//   ```console   `$ bin/tidemark …` on the first line, and below what it prints; other commands are left alone
//
// A program that imports 'vitest' is run by Vitest, and prints its tests. One whose first line is `// NAME.mjs` is not run, but lies
// under that name beside those that follow. One whose first line is `// In a page` is bundled and run in a browser (page-program.ts),
// where there is one; elsewhere what it prints stays as it is shown.

import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../style/project-files.ts';
import { fencesIn, replaceBodies } from './fences.ts';
import type { Fence } from './fences.ts';
import { runCommand, wordsOf } from './run-programs.ts';
import type { ProgramHost, Result } from './run-programs.ts';

/** Below the root, so that a program there finds this package by its name. */
const PROGRAMS = join(ROOT, `.cache/docs/${process.pid}`);
const TIME_LIMIT = 540_000;
export const HAS_BROWSER = existsSync('/usr/bin/chromium');
const COMMAND = /^\$ (bin\/tidemark\b.*)\n/;

function run(directory: string, command: string, args: readonly string[]): Result {
  const { stdout, stderr, status, error } = spawnSync(command, args, {
    cwd: directory,
    encoding: 'utf8',
    timeout: TIME_LIMIT,
    // A Vitest of its own is not to take itself for a worker of this one.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'))),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error) throw error;
  return { output: stdout + stderr, status };
}

function succeeded({ output, status }: Result): string {
  if (status !== 0) throw new Error(`an example ended with status ${status}:\n${output}`);
  return output;
}

/** Writes `program` among the programs, under a name that none before it has had, since Node loads what has one name once. */
function written(program: string): string {
  const path = join(PROGRAMS, `example-${randomUUID()}.mjs`);
  writeFileSync(path, program);
  return path;
}

/** Its tests, a line each. */
function runTests(directory: string, program: string): string {
  const file = join(directory, 'example.test.mjs');
  const report = join(directory, 'report.json');
  writeFileSync(file, program);
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  succeeded(run(directory, process.execPath, [vitest, 'run', '--root', directory, '--reporter=json', `--outputFile=${report}`]));
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    readonly testResults: readonly { readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[] }[];
  };
  return testResults.flatMap(({ assertionResults }) => assertionResults.map(({ status, fullName }) => `${status}: ${fullName}\n`)).join('');
}

/** The name under which a program lies beside the others; null for one that is run. */
const fileName = (program: string): string | null => /^\/\/ ([\w-]+\.mjs)\n/.exec(program)?.[1] ?? null;

/** What a program prints; null where nothing is there to run it. */
async function outputOf(host: ProgramHost, directory: string, program: string): Promise<string | null> {
  if (/ from 'vitest'/.test(program)) return runTests(directory, program);
  if (!program.startsWith('// In a page')) return succeeded(await host.run(directory, written(program), TIME_LIMIT));
  if (!HAS_BROWSER) return null;
  return succeeded(run(directory, process.execPath, [join(import.meta.dirname, 'page-program.mjs'), written(program)]));
}

/** What a command prints: in this process, or by a shell if it is more than words. */
async function printedBy(directory: string, command: string): Promise<string> {
  const words = wordsOf(command);
  const { output } = words ? await runCommand(directory, words.slice(1)) : run(directory, 'sh', ['-c', command]);
  return output;
}

/** A directory as the root of a checkout, which examples may write into. */
async function withDirectory<T>(body: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'docs-'));
  try {
    for (const name of ['bin', 'guests']) symlinkSync(join(ROOT, name), join(directory, name), 'dir');
    // For what looks for packages from here and not from the programs.
    mkdirSync(join(directory, 'node_modules'));
    symlinkSync(ROOT, join(directory, 'node_modules/tidemark'), 'dir');
    symlinkSync(join(ROOT, 'node_modules/vitest'), join(directory, 'node_modules/vitest'), 'dir');
    mkdirSync(PROGRAMS, { recursive: true });
    return await body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
    rmSync(PROGRAMS, { recursive: true, force: true });
  }
}

/** The block that shows what the program in block `index` prints. */
function outputBlock(fences: readonly Fence[], index: number): Fence {
  const next = fences[index + 1];
  if (next?.language !== 'text') throw new Error(`no block of text follows the program ${fences[index]!.body.slice(0, 60)}…`);
  return next;
}

/** The document as it must read: with what its examples print now. */
export async function withFreshOutputs(host: ProgramHost, markdown: string): Promise<string> {
  const fences = fencesIn(markdown);
  return withDirectory(async (directory) => {
    const replacements = new Map<Fence, string>();
    const files = fences.flatMap(({ language, body }) => (language === 'js' && fileName(body) !== null ? [body] : []));
    for (const body of files) writeFileSync(join(PROGRAMS, fileName(body)!), body);
    for (const [index, fence] of fences.entries()) {
      const command = COMMAND.exec(fence.body)?.[1];
      if (fence.language === 'js' && fileName(fence.body) === null) {
        const block = outputBlock(fences, index);
        replacements.set(block, (await outputOf(host, directory, fence.body)) ?? block.body);
      }
      if (fence.language === 'console' && command) {
        replacements.set(fence, `$ ${command}\n${await printedBy(directory, command)}`);
      }
    }
    return replaceBodies(markdown, replacements);
  });
}
