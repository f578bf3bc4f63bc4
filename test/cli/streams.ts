import { PassThrough } from 'node:stream';
import type { CliIo } from '../../src/cli/io.ts';

/** A CliIo whose outputs are collected as text. */
export function collectingIo(env: CliIo['env'] = {}): { io: CliIo; stdout(): string; stderr(): string } {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const text = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? '';
  return { io: { stdin: new PassThrough(), stdout, stderr, env }, stdout: () => text(stdout), stderr: () => text(stderr) };
}
