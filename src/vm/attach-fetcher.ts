// Fetching from a machine's lists on another thread.

import { attachArming } from '../mmu/attach.ts';
import { MtFetcher } from '../mt/fetcher.ts';
import { checkSeed } from './check-arguments.ts';
import type { FetcherSeed } from './fetcher-seed.ts';

/**
 * On a worker thread that was sent `vm.fetcherSeed()`: KVM_MT_SUBLIST_FETCH with WAIT and REARM from there, over the shared
 * memory. `id` (1 or more) names this fetcher to `vm.mt.interruptFetcher`. Errors are those of the ioctl.
 */
export function attachFetcher(seed: FetcherSeed, id = 1): MtFetcher {
  checkSeed(seed, id);
  return new MtFetcher({ ...seed, id }, (sink, memory) => attachArming(memory, seed.plan, seed.shape, seed.method, sink, seed.consumer));
}
