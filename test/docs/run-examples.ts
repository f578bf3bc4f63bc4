// Runs what a document shows. Two kinds of blocks are run, in order and in one directory that sees `bin` and `guests`:
//
//   ```js        a whole program that imports 'tidemark'; the next block, ```text, is what it prints
//   ```console   `$ bin/tidemark …` on the first line, and below what it prints; other commands are left alone

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../style/project-files.ts';
import { fencesIn, replaceBodies } from './fences.ts';
import type { Fence } from './fences.ts';

/** Below the root, so that a program there finds this package by its name. */
const PROGRAMS = join(ROOT, '.cache/docs');
const TIME_LIMIT = 540_000;
const COMMAND = /^\$ (bin\/tidemark\b.*)\n/;

interface Result {
  readonly output: string;
  readonly status: number | null;
}

function run(directory: string, command: string, args: readonly string[]): Result {
  const { stdout, stderr, status, error } = spawnSync(command, args, {
    cwd: directory,
    encoding: 'utf8',
    timeout: TIME_LIMIT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error) throw error;
  return { output: stdout + stderr, status };
}

function runProgram(directory: string, program: string): string {
  mkdirSync(PROGRAMS, { recursive: true });
  const path = join(PROGRAMS, `example-${process.pid}.mjs`);
  writeFileSync(path, program);
  try {
    const { output, status } = run(directory, process.execPath, [path]);
    if (status !== 0) throw new Error(`an example ended with status ${status}:\n${output}`);
    return output;
  } finally {
    rmSync(path);
  }
}

/** A directory as the root of a checkout, which examples may write into. */
function withDirectory<T>(body: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'docs-'));
  try {
    for (const name of ['bin', 'guests']) symlinkSync(join(ROOT, name), join(directory, name), 'dir');
    return body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The block that shows what the program in block `index` prints. */
function outputBlock(fences: readonly Fence[], index: number): Fence {
  const next = fences[index + 1];
  if (next?.language !== 'text') throw new Error(`no block of text follows the program ${fences[index]!.body.slice(0, 60)}…`);
  return next;
}

/** The document as it must read: with what its examples print now. */
export function withFreshOutputs(markdown: string): string {
  const fences = fencesIn(markdown);
  return withDirectory((directory) => {
    const replacements = new Map<Fence, string>();
    fences.forEach((fence, index) => {
      const command = COMMAND.exec(fence.body)?.[1];
      if (fence.language === 'js') replacements.set(outputBlock(fences, index), runProgram(directory, fence.body));
      if (fence.language === 'console' && command) {
        replacements.set(fence, `$ ${command}\n${run(directory, 'sh', ['-c', command]).output}`);
      }
    });
    return replaceBodies(markdown, replacements);
  });
}
