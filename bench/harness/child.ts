// Processes of a benchmark's own: the same bundle once more, with a task in place of options. What it answers is the last line of its
// output.

import { spawn } from 'node:child_process';

export const CHILD = '--child';

export function answer(result: unknown): void {
  process.stdout.write(`\n${JSON.stringify(result)}\n`);
}

/** Runs the benchmark's `child` with `task` in a new process. Rejects with what the process said if it fails. */
export function inChild<Answer>(task: unknown): Promise<Answer> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, CHILD, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const collected = { out: '', errors: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (collected.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (collected.errors += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve(JSON.parse(collected.out.trimEnd().split('\n').at(-1)!) as Answer);
      else reject(new Error(`a process of the benchmark ended with status ${status}: ${collected.errors.trim()}`));
    });
  });
}
