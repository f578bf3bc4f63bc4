// A fetcher on a worker thread: carries out the calls it is sent, one after the other.

import { parentPort, workerData } from 'node:worker_threads';
import type { LinearMemory } from '../../src/base/linear-memory.ts';
import { MtFetcher } from '../../src/mt/fetcher.ts';
import type { MtFetcherData } from '../../src/mt/fetcher.ts';
import type { FetchRequest } from '../../src/mt/types.ts';
import { SyntheticArming } from './synthetic-arming.ts';
import type { Method } from './synthetic-arming.ts';

export interface FetchCall {
  readonly request: FetchRequest;
  /** Goes on until a fetch returns fewer entries than asked for, which WAIT does only once the VM is quiesced. */
  readonly untilShort?: boolean;
}

/** The entries of each fetch, or the code it failed with. */
export type FetchAnswer = { readonly fetches: number[][]; readonly error?: string };

export interface FetchWorkerData {
  readonly fetcher: MtFetcherData;
  readonly method: Method;
}

const data = workerData as FetchWorkerData;
const fetcher = new MtFetcher(
  data.fetcher,
  (sink, memory: LinearMemory) => new SyntheticArming(memory, data.fetcher.plan, data.fetcher.shape, sink, data.method),
);

function answer({ request, untilShort = false }: FetchCall): FetchAnswer {
  const fetches: number[][] = [];
  try {
    do fetches.push([...fetcher.fetch(request).gfns]);
    while (untilShort && fetches[fetches.length - 1].length === request.count);
    return { fetches };
  } catch (error) {
    return { fetches, error: (error as { code?: string }).code ?? String(error) };
  }
}

parentPort?.on('message', (call: FetchCall) => parentPort?.postMessage(answer(call)));
