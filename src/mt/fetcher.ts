// SUBLIST_FETCH on a worker thread, over the shared linear memory. The fetcher is made of plain data that can be posted to the
// thread. That thread may block, so WAIT sleeps.

import type { Arming } from '../base/arming.ts';
import type { DirtySink } from '../base/dirty-sink.ts';
import { LinearMemory } from '../base/linear-memory.ts';
import { MachineLock, yieldRequester } from '../base/machine-lock.ts';
import { Request } from '../base/request.ts';
import type { MachineShape, MemoryPlan } from '../base/state/regions.ts';
import { SublistFetch } from './fetch.ts';
import type { CheckedFetch } from './fetch.ts';
import { PageFlag, mtViews } from './layout.ts';
import { Lists } from './lists.ts';
import type { FetchRequest, FetchResult } from './types.ts';
import { WaitQueue } from './wait-queue.ts';

/** Plain data: post it to the thread. */
export interface MtFetcherData {
  readonly memory: WebAssembly.Memory;
  readonly plan: MemoryPlan;
  readonly shape: MachineShape;
  /** Byte offsets of the vCPUs' pending-request words. */
  readonly requestWords: readonly number[];
  /** Names this fetcher to MemoryTracking.interruptFetcher; 1 or more. */
  readonly id?: number;
}

/**
 * Do not terminate a thread inside `fetch`: it would keep its place in the queue, or the lock. Quiesce, interrupt it or
 * switch tracking off first.
 */
export class MtFetcher {
  /** @internal */
  readonly lock: MachineLock;
  private readonly queue: WaitQueue;
  private readonly fetches: SublistFetch;
  private readonly id: number;

  /**
   * `attachArming` gives this thread's arming; what it drains must go to the sink it is given.
   * @internal
   */
  constructor(data: MtFetcherData, attachArming: (sink: DirtySink, memory: LinearMemory) => Pick<Arming, 'rearm' | 'drain'>) {
    const memory = LinearMemory.attach(data.memory);
    const views = mtViews(memory, data.plan, data.shape);
    this.id = data.id ?? 1;
    this.lock = new MachineLock(memory, data.plan, yieldRequester(memory, data.requestWords));
    this.queue = new WaitQueue(views.control, memory.shared);
    const lists = new Lists(views, {
      limitReached: () => {
        for (const offset of data.requestWords) Atomics.or(memory.i32, offset >>> 2, Request.MT);
      },
      waiterReady: () => this.queue.alarm(),
      waiterReadyByLog: (vcpu) => arming.drain(vcpu),
    });
    const arming = attachArming(lists, memory);
    this.fetches = new SublistFetch(lists, this.queue, arming, (gfns) => {
      for (const gfn of gfns) views.flags[views.places.of(gfn)] |= PageFlag.FOREIGN;
    });
  }

  /**
   * ENXIO, EINVAL, EFAULT as `SublistFetch.check` says. With WAIT blocks this thread until `count` entries are there for it or
   * the VM is quiesced; EINTR when interrupted, ENXIO when tracking is switched off meanwhile.
   */
  fetch(request: FetchRequest): FetchResult {
    return this.lock.with(() => {
      const fetch = this.fetches.check(request);
      this.fetches.drain();
      if (!this.fetches.satisfied(fetch)) this.sleep(fetch);
      return this.fetches.take(fetch);
    });
  }

  private sleep(fetch: CheckedFetch): void {
    const ticket = this.fetches.enqueue(fetch, this.id);
    for (;;) {
      const { sequence } = this.queue;
      this.lock.release();
      this.queue.sleep(sequence);
      this.lock.acquire();
      if (this.fetches.due(ticket)) return;
    }
  }
}
