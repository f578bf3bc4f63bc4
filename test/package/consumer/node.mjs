// A guest on this thread and one on a worker thread, both from the installed package alone.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { runGuest } from './run-guest.js';

const NAME = 'sieve-64.elf';
const image = readFileSync(fileURLToPath(import.meta.resolve(`tidemark/guests/sieve/${NAME}`)));
const result = runGuest(NAME, image, 'scale=1');

if (isMainThread) {
  const ofWorker = await new Promise((resolve, reject) => new Worker(new URL(import.meta.url)).on('message', resolve).on('error', reject));
  process.stdout.write(JSON.stringify({ here: result, worker: ofWorker }));
} else {
  parentPort.postMessage(result);
}
