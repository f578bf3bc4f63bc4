// Waiting fetches of the thread that runs the vCPUs. That thread must not block, so it holds promises. They are settled at the end
// of a slice, and whenever else something happens that they may wait for.

import { KvmError } from '../base/errors.ts';
import type { MachineLock } from '../base/machine-lock.ts';
import type { CheckedFetch, SublistFetch, WaitTicket } from './fetch.ts';
import type { MtControl } from './layout.ts';
import type { FetchResult } from './types.ts';
import type { WaitQueue } from './wait-queue.ts';

interface PendingFetch {
  readonly fetch: CheckedFetch;
  readonly ticket: WaitTicket;
  resolve(result: FetchResult): void;
  reject(error: unknown): void;
}

/** Milliseconds between looks where the host lacks Atomics.waitAsync. */
const POLL_MS = 5;

export class AsyncWaits {
  /** In the order of the queue. */
  private readonly pending = new Map<number, PendingFetch>();
  private scheduled = false;
  private watching = false;

  constructor(
    private readonly lock: MachineLock,
    private readonly queue: WaitQueue,
    private readonly fetches: SublistFetch,
    private readonly control: MtControl,
    private readonly shared: boolean,
  ) {}

  /** Queues `fetch`; the promise is rejected with EINTR when `signal` aborts. Needs the lock. */
  start(fetch: CheckedFetch, signal?: AbortSignal): Promise<FetchResult> {
    if (signal?.aborted) return Promise.reject(new KvmError('EINTR', 'the fetch was interrupted'));
    const ticket = this.fetches.enqueue(fetch, 0);
    const promise = new Promise<FetchResult>((resolve, reject) => this.pending.set(ticket.id, { fetch, ticket, resolve, reject }));
    this.watch();
    if (!signal) return promise;
    const interrupt = (): void => this.interrupt(ticket.id);
    signal.addEventListener('abort', interrupt, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', interrupt));
  }

  private interrupt(id: number): void {
    this.lock.with(() => {
      const waiter = this.pending.get(id);
      if (!waiter) return;
      this.pending.delete(id);
      this.queue.leave(id);
      waiter.reject(new KvmError('EINTR', 'the fetch was interrupted'));
    });
  }

  /** Serves every fetch whose turn it is. One pass is enough: those that leave make room only for those behind. Needs the lock. */
  settle(): void {
    if (this.pending.size === 0) return;
    for (const [id, waiter] of [...this.pending]) {
      try {
        if (!this.fetches.due(waiter.ticket)) continue;
        this.pending.delete(id);
        waiter.resolve(this.fetches.take(waiter.fetch));
      } catch (error) {
        this.pending.delete(id);
        waiter.reject(error);
      }
    }
    this.watch();
  }

  /** Something happened on this thread: look as soon as the present call is over, which may be outside of any slice. */
  notice(): void {
    if (this.scheduled || this.pending.size === 0) return;
    this.scheduled = true;
    void Promise.resolve().then(() => {
      this.scheduled = false;
      this.lock.with(() => this.settle());
    });
  }

  /** Looks again when another thread changes the wake word: that thread may have stood before one of ours in the queue. */
  private watch(): void {
    if (!this.shared || this.watching || this.pending.size === 0) return;
    this.watching = true;
    const look = (): void => {
      this.watching = false;
      if (this.pending.size > 0) this.lock.with(() => this.settle());
    };
    if (typeof Atomics.waitAsync !== 'function') {
      setTimeout(look, POLL_MS);
      return;
    }
    const change = Atomics.waitAsync(this.control.wake, 0, this.queue.sequence);
    if (change.async) void change.value.then(look);
    else void Promise.resolve().then(look);
  }
}
