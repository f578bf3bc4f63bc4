// Who waits for dirty pages, over all threads, first come first served. Each operation needs the machine's lock; only the
// sleep itself happens without it.

import { KvmError } from '../base/errors.ts';
import { sleepWhile } from '../base/machine-lock.ts';
import { MAX_WAITERS } from './layout.ts';
import type { MtControl } from './layout.ts';

/** `wakeAt` while nobody is to be woken by entries. */
const NEVER = 0xffffffff;

export class WaitQueue {
  /** `shared`: other threads may sleep. `onWake` is told on this thread of each event. */
  constructor(
    private readonly control: MtControl,
    private readonly shared: boolean,
    private readonly onWake: () => void = () => {},
  ) {}

  get length(): number {
    return this.control.waiters[0];
  }

  /** The waiter to be served next, 0 for none. */
  get head(): number {
    return this.length === 0 ? 0 : this.control.waiterId[0];
  }

  /** Enough entries are available for the first waiter. */
  get headReady(): boolean {
    return this.length > 0 && this.control.available[0] >= this.control.waiterCount[0];
  }

  /** Queues a fetch of `count` entries for fetcher `tag`. Returns its number. ENOMEM if the queue is full. */
  join(count: number, tag: number): number {
    const { control } = this;
    const at = control.waiters[0];
    if (at === MAX_WAITERS) throw new KvmError('ENOMEM', `more than ${MAX_WAITERS} fetches would wait`);
    // 0 means nobody, so the numbers skip it when they wrap.
    const id = control.nextWaiter[0] === NEVER ? 1 : control.nextWaiter[0] + 1;
    control.nextWaiter[0] = id;
    control.waiterId[at] = id;
    control.waiterCount[at] = count;
    control.waiterTag[at] = tag;
    control.waiterInterrupted[at] = 0;
    control.waiters[0] = at + 1;
    this.setAlarm();
    return id;
  }

  /** Takes waiter `id` out, wherever it stands, and lets the others look whose turn it is. */
  leave(id: number): void {
    const { control } = this;
    const at = this.find(id);
    if (at < 0) return;
    const end = control.waiters[0];
    const columns = [control.waiterId, control.waiterCount, control.waiterTag, control.waiterInterrupted];
    for (const column of columns) column.copyWithin(at, at + 1, end);
    control.waiters[0] = end - 1;
    this.setAlarm();
    if (end > 1) this.wakeAll();
  }

  clear(): void {
    this.control.waiters[0] = 0;
    this.setAlarm();
    this.wakeAll();
  }

  /** Asks for a wake-up as soon as the first waiter can be served. */
  setAlarm(): void {
    this.control.wakeAt[0] = this.length === 0 ? NEVER : this.control.waiterCount[0];
  }

  /** The alarm rang: everyone looks once. The first waiter sets the alarm again if it looked in vain. */
  alarm(): void {
    this.control.wakeAt[0] = NEVER;
    this.wakeAll();
  }

  /** Makes every waiter look at its condition again. */
  wakeAll(): void {
    Atomics.add(this.control.wake, 0, 1);
    if (this.shared) Atomics.notify(this.control.wake, 0);
    this.onWake();
  }

  /** What to pass to `sleep`: read with the lock held, so that no event after it is missed. */
  get sequence(): number {
    return Atomics.load(this.control.wake, 0);
  }

  /** Blocks this thread, without the lock, until an event after `sequence`. */
  sleep(sequence: number): void {
    sleepWhile(this.control.wake, sequence);
  }

  interrupted(id: number): boolean {
    const at = this.find(id);
    return at >= 0 && this.control.waiterInterrupted[at] !== 0;
  }

  /** Interrupts the fetches of fetcher `tag` that wait now. Returns whether there was one. */
  interrupt(tag: number): boolean {
    let found = false;
    for (let at = 0; at < this.length; at++) {
      if (this.control.waiterTag[at] !== tag) continue;
      this.control.waiterInterrupted[at] = 1;
      found = true;
    }
    if (found) this.wakeAll();
    return found;
  }

  private find(id: number): number {
    for (let at = 0; at < this.length; at++) if (this.control.waiterId[at] === id) return at;
    return -1;
  }
}
