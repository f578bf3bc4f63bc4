// A test's guest on a thread of its own. The thread runs this same module: in the bundle that is the whole command line, which does
// nothing by itself when it is loaded, and here sees that it is on such a thread.

import { PassThrough, Readable } from 'node:stream';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { runOptions } from '../commands/run.ts';
import type { CliIo } from '../io.ts';
import { reportError } from '../report-error.ts';
import { ConsoleTap } from './console-tap.ts';

/** What the thread is told. */
interface ThreadJob {
  readonly tidemark: 'test';
  readonly argv: readonly string[];
}

/** What it tells: the guest's bytes as they come, then the end. */
type ThreadMessage =
  | { readonly kind: 'output'; readonly console: ConsoleName; readonly bytes: Uint8Array }
  | { readonly kind: 'ended'; readonly status: number; readonly stderr: string };

export type ConsoleName = 'serial' | 'debugcon';

export type ThreadEnd =
  /** The run's exit status, and what was said of it. */
  | { readonly kind: 'ended'; readonly status: number; readonly stderr: string }
  /** The thread ended before its run. */
  | { readonly kind: 'died'; readonly why: string };

export interface TestThread {
  readonly end: Promise<ThreadEnd>;
  /** Ends it, whatever it does. */
  kill(): void;
}

/** Runs `tidemark run` with `argv` on a thread; `onOutput` gets what the guest prints. */
export type StartThread = (argv: readonly string[], onOutput: (console: ConsoleName, bytes: Uint8Array) => void) => TestThread;

/** Milliseconds between two messages with the guest's bytes. */
const REPORT = 50;

export const startThread: StartThread = (argv, onOutput) => {
  const job: ThreadJob = { tidemark: 'test', argv };
  const worker = new Worker(new URL(import.meta.url), { workerData: job, stdout: true, stderr: true });
  const end = new Promise<ThreadEnd>((resolve) => {
    worker.on('message', (message: ThreadMessage) => {
      if (message.kind === 'output') onOutput(message.console, message.bytes);
      else resolve(message);
    });
    worker.on('error', (error) => resolve({ kind: 'died', why: error instanceof Error ? error.message : String(error) }));
    worker.on('exit', (code) => resolve({ kind: 'died', why: `it exited with code ${code}` }));
  });
  return { end, kill: () => void worker.terminate() };
};

/** The thread's side. */
async function serve({ argv }: ThreadJob, send: (message: ThreadMessage) => void): Promise<void> {
  const tap = new ConsoleTap();
  const report = (): void => {
    for (const { console, bytes } of tap.taken()) send({ kind: 'output', console, bytes });
  };
  const timer = setInterval(report, REPORT);
  const { io, said } = quietIo();
  const status = await run(argv, io, tap);
  clearInterval(timer);
  report();
  send({ kind: 'ended', status, stderr: said() });
}

async function run(argv: readonly string[], io: CliIo, tap: ConsoleTap): Promise<number> {
  try {
    const options = runOptions([...argv, '--serial=none']);
    const { runGuest } = await import('../commands/run-guest.ts');
    return await runGuest(options, io, tap);
  } catch (error) {
    return reportError(error, io);
  }
}

/** No keyboard, no stdout; stderr as text. */
function quietIo(): { readonly io: CliIo; said(): string } {
  const stdin = Object.assign(Readable.from([]), { isTTY: false });
  const stdout = new PassThrough().resume();
  const stderr = new PassThrough();
  let text = '';
  stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { io: { stdin, stdout, stderr, env: process.env }, said: () => text + ((stderr.read() as Buffer | null)?.toString() ?? '') };
}

const isJob = (data: unknown): data is ThreadJob =>
  typeof data === 'object' && data !== null && 'tidemark' in data && data.tidemark === 'test' && 'argv' in data;

const port = parentPort;
if (!isMainThread && port !== null && isJob(workerData)) void serve(workerData, (message) => port.postMessage(message));
