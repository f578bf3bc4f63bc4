import { PassThrough } from 'node:stream';
import { main } from '../../src/cli/main.ts';
import type { CliIo } from '../../src/cli/io.ts';

function collect(stream: PassThrough): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  return () => text + ((stream.read() as Buffer | null)?.toString('latin1') ?? '');
}

/** A CliIo whose outputs are collected as text, a byte a character. Its stdin has ended, unless one is given. */
export function collectingIo(env: CliIo['env'] = {}, stdin = new PassThrough().end()): { io: CliIo; stdout(): string; stderr(): string } {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  return { io: { stdin, stdout, stderr, env }, stdout: collect(stdout), stderr: collect(stderr) };
}

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line within this process. */
export async function cli(...argv: string[]): Promise<Ran> {
  const { io, stdout, stderr } = collectingIo();
  const status = await main(argv, io);
  return { status, stdout: stdout(), stderr: stderr() };
}
