// Runs programs one after the other in this process, which has loaded the package once: each as if it were alone, from its first line
// until nothing is left for it to do. Asked by run-programs.ts, message by message; a program that fails ends this process.

import { inspect } from 'node:util';

/** What Node ends with when a program waits for what cannot come any more. */
const UNSETTLED = 13;

/** Of the program that runs; null between two. */
let running = null;

for (const name of ['stdout', 'stderr']) {
  process[name].write = (chunk, encoding, callback) => {
    if (running) running[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    const done = typeof encoding === 'function' ? encoding : callback;
    if (done) process.nextTick(done);
    return true;
  };
}

function answer(status) {
  const { stdout, stderr } = running;
  running = null;
  process.exitCode = undefined;
  process.channel.ref();
  process.send({ output: stdout + stderr, status }, () => {
    if (status !== 0) process.exit();
  });
}

function fail(error) {
  if (!running) return;
  running.stderr += `${inspect(error)}\n`;
  answer(1);
}

process.on('uncaughtException', fail);
process.on('beforeExit', () => {
  if (running) answer(running.imported ? (process.exitCode ?? 0) : UNSETTLED);
});
process.on('message', ({ directory, path }) => {
  running = { stdout: '', stderr: '', imported: false };
  const mine = running;
  process.chdir(directory);
  // The program is alone: what asks for it does not keep it alive.
  process.channel.unref();
  import(path).then(() => {
    mine.imported = true;
  }, fail);
});
