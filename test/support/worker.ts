// Starts worker threads from TypeScript: Node runs none by itself, so the entry is bundled into a temporary file first.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';

/** Bundles `entry` (a path) and its imports. Returns the path of a module a Worker can be made from. */
export async function bundleWorker(entry: string): Promise<string> {
  const outfile = join(mkdtempSync(join(tmpdir(), 'tidemark-worker-')), 'worker.mjs');
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' });
  return outfile;
}

/** A worker that answers each message with one message, in order. */
export class RpcWorker<Call, Answer> {
  private readonly worker: Worker;
  private readonly waiting: { resolve(answer: Answer): void; reject(error: Error): void }[] = [];

  constructor(file: string, workerData: unknown) {
    this.worker = new Worker(file, { workerData });
    this.worker.on('message', (answer: Answer) => this.waiting.shift()?.resolve(answer));
    this.worker.on('error', (error: Error) => this.waiting.splice(0).forEach((call) => call.reject(error)));
  }

  call(message: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.worker.postMessage(message);
    });
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}

/** Lets the event loop turn until `condition` holds; fails only by the test's own time limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
