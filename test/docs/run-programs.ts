// Programs and commands of the documents, run without a start of Node for each: programs by one process for all (program-host.mjs),
// commands by the command line's entry in this one.

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { main } from '../../src/cli/main.ts';
import { collectingIo } from '../cli/streams.ts';

export interface Result {
  readonly output: string;
  readonly status: number | null;
}

/** A process that runs programs; it is started when it is needed, and again after a program that failed. */
export class ProgramHost {
  private child: ChildProcess | null = null;

  /** Runs the program at `path`, which no host has run before, in `directory`, for `limit` ms at most. */
  async run(directory: string, path: string, limit: number): Promise<Result> {
    const child = (this.child ??= fork(join(import.meta.dirname, 'program-host.mjs'), { stdio: 'ignore', execArgv: [] }));
    const over = new AbortController();
    const timer = setTimeout(() => child.kill('SIGKILL'), limit);
    const { signal } = over;
    try {
      child.send({ directory, path });
      const answered = once(child, 'message', { signal }).then(([result]) => result as Result);
      const ended = once(child, 'exit', { signal }).then(([status]) => ({ output: `${path} ended the process of all programs\n`, status }));
      const result = await Promise.race([answered, ended]);
      if (result.status !== 0) this.stop();
      return result;
    } finally {
      clearTimeout(timer);
      over.abort();
    }
  }

  stop(): void {
    this.child?.kill();
    this.child = null;
  }
}

/** A word of what means nothing to a shell, or between single quotes, and the blanks or the end behind it. */
const WORD = /([\w./:=,@%+-]+|'[^']*')(?: +|$)/y;

/** The words of a command, if it is one that needs no shell. */
export function wordsOf(command: string): string[] | null {
  const word = new RegExp(WORD);
  const words: string[] = [];
  while (word.lastIndex < command.length) {
    const found = word.exec(command);
    if (!found) return null;
    words.push(found[1]!.replaceAll("'", ''));
  }
  return words;
}

/** What the command line prints for these arguments in `directory`. */
export async function runCommand(directory: string, argv: readonly string[]): Promise<Result> {
  const before = process.cwd();
  process.chdir(directory);
  try {
    const { io, stdout, stderr } = collectingIo();
    const status = await main(argv, io);
    return { output: Buffer.from(stdout() + stderr(), 'latin1').toString(), status };
  } finally {
    process.chdir(before);
  }
}
