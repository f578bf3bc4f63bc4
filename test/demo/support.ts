import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { CliIo } from '../../src/cli/io.ts';
import { OPTIONS, resolveDemo } from '../../src/cli/demo/options.ts';
import { runDemo } from '../../src/cli/demo/run-demo.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';

/** Options that make a run of a few cycles, in a machine of 2048 pages. */
export const SMALL = ['--memory=8M', '--pages=64', '--iterations=16', '--dirty-trigger=40'] as const;

/** Lines as they were before they were folded to 80 columns. */
export const unfolded = (text: string): string[] => text.trimEnd().replaceAll('\n  ', ' ').split('\n');

export interface TestIo {
  readonly io: CliIo;
  stdout(): string;
  stderr(): string;
  /** What every write to stderr came to so far is given to `look`. */
  watch(look: (stderr: string) => void): void;
  /** A signal to the process. */
  signal(name: 'SIGINT' | 'SIGTERM'): void;
  /** Listeners for signals that are still there. */
  listeners(): number;
  readonly terminal: PassThrough & { isTTY?: boolean; columns?: number; rows?: number };
}

/** Streams that collect; with `terminal`, stdout and stderr say that they are one of that size. */
export function testIo({ env = {}, terminal }: { env?: CliIo['env']; terminal?: { columns: number; rows: number } } = {}): TestIo {
  const signals = new EventEmitter();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  let out = '';
  let err = '';
  let look = (_: string): void => {};
  stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString('latin1');
  });
  stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString('latin1');
    look(err);
  });
  if (terminal) for (const stream of [stdout, stderr]) Object.assign(stream, { isTTY: true, ...terminal });
  const io: CliIo = {
    stdin: new PassThrough(),
    stdout,
    stderr,
    env,
    once: (name, listener) => signals.once(name, listener),
    off: (name, listener) => signals.off(name, listener),
  };
  return {
    io,
    terminal: stderr,
    stdout: () => out,
    stderr: () => err,
    watch: (looker) => {
      look = looker;
    },
    signal: (name) => void signals.emit(name, name),
    listeners: () => signals.listenerCount('SIGINT') + signals.listenerCount('SIGTERM'),
  };
}

/** `tidemark demo` with these arguments; the exit status. */
export async function demo(io: CliIo, ...argv: string[]): Promise<number> {
  const parsed = parseArguments(OPTIONS, argv);
  if (parsed === 'help') throw new RangeError('help is not a scene');
  const status = await runDemo(resolveDemo(parsed.values, parsed.positionals), io);
  // Streams hand on what was written in a later turn.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  return status;
}
