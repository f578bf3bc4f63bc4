// SUBLIST_FETCH: its checks, and the one place where entries leave the lists. The thread that runs the vCPUs and fetchers on
// other threads use the same code. Everything here needs the machine's lock.

import { requireBoolean, requireFields, shown } from '../base/arguments.ts';
import type { Checks } from '../base/arguments.ts';
import type { Arming } from '../base/arming.ts';
import { KvmError } from '../base/errors.ts';
import { FetchFlag } from './abi.ts';
import type { Lists } from './lists.ts';
import { requireU32 } from './types.ts';
import type { FetchReceiver, FetchRequest, FetchResult } from './types.ts';
import type { WaitQueue } from './wait-queue.ts';

/** A request whose arguments are sound. */
export interface CheckedFetch {
  readonly count: number;
  readonly wait: boolean;
  readonly rearm: boolean;
  readonly list: BigUint64Array | null;
  readonly receiver: FetchReceiver | null;
}

/** Told of what a fetch returned, once it is re-armed if that was asked for. This is the moment at which a consumer would copy. */
export type FetchObserver = (gfns: Uint32Array) => void;

/** Looked at elsewhere. */
const unchecked = (): void => {};
const FETCH_CHECKS: Checks = {
  count: unchecked,
  wait: requireBoolean,
  rearm: requireBoolean,
  maxDirty: unchecked,
  flags: unchecked,
  list: unchecked,
  signal: unchecked,
  receiver: unchecked,
};
const MAX_COUNT = 0x7fffffff;
const KNOWN_FLAGS = FetchFlag.WAIT | FetchFlag.REARM;

/** A sleeping fetch: its place in the queue, and what had happened when it went to sleep. */
export interface WaitTicket {
  readonly id: number;
  readonly quiesces: number;
  readonly generation: number;
}

export class SublistFetch {
  constructor(
    private readonly lists: Lists,
    private readonly queue: WaitQueue,
    private readonly arming: Pick<Arming, 'rearm' | 'drain'>,
    private readonly observe: FetchObserver,
  ) {}

  /** ENXIO unless enabled, EINVAL or EFAULT for unsound arguments, in this order. Consumes nothing. */
  check(request: FetchRequest): CheckedFetch {
    if (this.lists.control.enabled[0] === 0) throw new KvmError('ENXIO', 'memory tracking is not enabled');
    requireFields('request', request, FETCH_CHECKS);
    const { count, list, receiver } = request;
    const isCount = Number.isInteger(count) && count > 0 && count <= MAX_COUNT;
    if (!isCount) throw new KvmError('EINVAL', `count: a fetch of ${shown(count)} entries`);
    const flags = requireU32(request.flags ?? 0, 'flags');
    if ((flags & ~KNOWN_FLAGS) !== 0) throw new KvmError('EINVAL', `unknown flags 0x${flags.toString(16)}`);
    const maxDirty = requireU32(request.maxDirty ?? 0, 'max_dirty');
    if (maxDirty !== 0 && maxDirty < count) throw new KvmError('EINVAL', `a list of ${maxDirty} entries for a fetch of ${count}`);
    if (list === null) throw new KvmError('EFAULT', 'no list to fetch into');
    if (list !== undefined) requireRoom(list, count);
    receiver?.requireRoom();
    return {
      count,
      wait: request.wait === true || (flags & FetchFlag.WAIT) !== 0,
      rearm: request.rearm === true || (flags & FetchFlag.REARM) !== 0,
      list: list ?? null,
      receiver: receiver ?? null,
    };
  }

  /** Collects what the hardware has logged for every vCPU. Order within a vCPU is kept. */
  drain(): void {
    for (let vcpu = 0; vcpu < this.lists.host; vcpu++) this.arming.drain(vcpu);
  }

  /** A newcomer need not sleep: it does not wait, or nobody is before it and there is enough, or the VM is quiesced. */
  satisfied(fetch: CheckedFetch): boolean {
    const { control } = this.lists;
    if (!fetch.wait) return true;
    if (control.quiesced[0] !== 0) return true;
    return this.queue.length === 0 && control.available[0] >= fetch.count;
  }

  /** Queues a fetch that has to sleep. */
  enqueue(fetch: CheckedFetch, tag: number): WaitTicket {
    const { control } = this.lists;
    return { id: this.queue.join(fetch.count, tag), quiesces: control.quiesces[0], generation: control.generation[0] };
  }

  /**
   * Looks whether a queued fetch is to return. True: it has left the queue, take its entries. Throws ENXIO or EINTR, after
   * which it is not queued either. False: it sleeps on.
   */
  due(ticket: WaitTicket): boolean {
    const { control } = this.lists;
    const { queue } = this;
    if (control.generation[0] !== ticket.generation) throw new KvmError('ENXIO', 'memory tracking was switched off');
    if (queue.interrupted(ticket.id)) {
      queue.leave(ticket.id);
      throw new KvmError('EINTR', 'the fetch was interrupted');
    }
    if (queue.head !== ticket.id) return false;
    // The alarm is off from when it rings until here, so what was logged meanwhile has not been counted for this waiter.
    if (!queue.headReady) this.drain();
    if (!queue.headReady && control.quiesces[0] === ticket.quiesces) {
      queue.setAlarm();
      return false;
    }
    queue.leave(ticket.id);
    return true;
  }

  /**
   * Takes entries, and re-arms their pages if asked to. Re-arming comes first, so that a copy made afterwards is complete together
   * with any later report. EFAULT, and nothing is taken, if the caller's list or struct has vanished since `check`.
   */
  take(fetch: CheckedFetch): FetchResult {
    const { lists } = this;
    if (fetch.list) requireRoom(fetch.list, fetch.count);
    fetch.receiver?.requireRoom();
    const gfns = lists.take(fetch.count);
    if (fetch.rearm) this.rearm(gfns);
    else lists.noteUnarmed(gfns);
    this.observe(gfns);
    fetch.list?.set(Array.from(gfns, BigInt));
    lists.control.fetches[0]++;
    lists.control.fetched[0] += gfns.length;
    const result = { gfns, waiting: lists.control.available[0] };
    fetch.receiver?.write(result);
    return result;
  }

  /** Arms exactly these pages. O(their number). */
  rearm(gfns: Uint32Array): void {
    if (gfns.length === 0) return;
    this.arming.rearm(gfns, gfns.length);
    this.lists.noteArmed(gfns);
  }
}

/** EFAULT unless `list` takes `count` entries. A list whose buffer was detached has none. */
function requireRoom(list: BigUint64Array, count: number): void {
  if (!(list instanceof BigUint64Array)) throw new KvmError('EFAULT', 'the list to fetch into is no BigUint64Array');
  if (list.length < count) throw new KvmError('EFAULT', `a list of ${list.length} entries for ${count}`);
}
