// A request from another thread ends a translated loop that leaves its region for nothing else.

import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { INTERNALS } from '../../src/base/internals.ts';
import { Request } from '../../src/base/request.ts';
import { translatorOf } from '../lockstep/support/share.ts';
import { pairOf, RING0_32 } from './support.ts';

/** Sets a bit of the word a while after it was told that the loop begins. */
const KICKER = `
  const { parentPort, workerData: { buffer, index, bit } } = require('node:worker_threads');
  parentPort.once('message', () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    Atomics.or(new Int32Array(buffer), index, bit);
    parentPort.close();
  });
  parentPort.postMessage('ready');
`;

/** The largest budget of translated code. */
const MAX_BUDGET = 2 ** 30;
/** Enough for the kick to come long before, and little enough to fail rather than to hang. */
const LIMIT = 3e10;

describe('a kick from another thread', () => {
  it('ends a loop of translated code', async () => {
    const {
      subject: { vm },
    } = pairOf(
      RING0_32,
      (a) => {
        const head = a.label();
        a.bind(head);
        a.raw(0x40);
        a.branch([0xe9], head);
      },
      { threads: true },
    );
    vm.runSlice(1000);
    const workerData = { buffer: vm[INTERNALS].memory.memory.buffer, index: vm.fetcherSeed().requestWords[0]! / 4, bit: Request.KICK };
    const worker = new Worker(KICKER, { eval: true, workerData });
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    await new Promise((resolve) => worker.once('message', resolve));
    worker.postMessage('go');
    const { exit, retired } = vm.runSlice(LIMIT);
    expect(exit.kind).toBe('interrupted');
    expect(translatorOf(vm).retired.interpreted).toBeLessThan(1000);
    // Not where a region's budget ends anyway.
    expect(retired % MAX_BUDGET).toBeGreaterThan(1000);
    await ended;
  });
});
