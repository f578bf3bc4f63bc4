// A fetcher on a worker thread: fetches with WAIT and REARM until the VM is quiesced, and copies what it gets at once, while
// vCPUs run.

import { parentPort, workerData } from 'node:worker_threads';
import { LinearMemory } from '../../src/base/linear-memory.ts';
import { attachArming } from '../../src/mmu/attach.ts';
import type { TrackingMethod } from '../../src/mmu/tracking.ts';
import { EPT_ADDRESS } from '../../src/mmu/ept-entry.ts';
import { MmuViews } from '../../src/mmu/views.ts';
import { MtFetcher } from '../../src/mt/fetcher.ts';
import type { FetcherSeed } from '../../src/vm/fetcher-seed.ts';

export interface FetchWorkerData {
  readonly seed: FetcherSeed;
  readonly id: number;
  /** One word that all fetchers count up: the order of their fetches. */
  readonly order: SharedArrayBuffer;
}

export interface FetchWorkerCall {
  readonly count: number;
  /** Byte offset in the linear memory of a byte to set once the first fetch has returned: what a guest waits for. */
  readonly signal?: number;
}

export interface Copy {
  readonly gfn: number;
  readonly order: number;
  readonly page: Uint8Array;
}

export interface FetchWorkerAnswer {
  readonly copies: Copy[];
  readonly error: string | null;
}

const { seed, id, order } = workerData as FetchWorkerData;
const memory = LinearMemory.attach(seed.memory);
const { ept } = new MmuViews(memory, seed.plan, seed.shape);
const fetcher = new MtFetcher({ ...seed, id }, (sink, attached) =>
  attachArming(attached, seed.plan, seed.shape, seed.method as TrackingMethod, sink),
);
const counter = new Int32Array(order);

function answer({ count, signal }: FetchWorkerCall): FetchWorkerAnswer {
  const copies: Copy[] = [];
  try {
    for (;;) {
      const { gfns } = fetcher.fetch({ count, wait: true, rearm: true });
      const stamp = Atomics.add(counter, 0, 1);
      if (signal !== undefined) Atomics.store(memory.u8, signal, 1);
      for (const gfn of gfns) copies.push({ gfn, order: stamp, page: memory.copyOut((ept.leafOf(gfn) & EPT_ADDRESS) >>> 0, 4096) });
      // WAIT returns fewer than asked for only once the VM is quiesced.
      if (gfns.length < count) return { copies, error: null };
    }
  } catch (error) {
    return { copies, error: (error as { code?: string }).code ?? String(error) };
  }
}

parentPort?.on('message', (call: FetchWorkerCall) => parentPort?.postMessage(answer(call)));
