// The machine's one lock. Whoever touches guest memory, EPT, TLBs or MT lists holds it: a vCPU thread while in guest mode,
// a worker thread during a fetch, the host API during a call. Two threads never hold it at once, so what it guards needs no
// atomics of its own. On unshared memory there is one thread and the lock is only a nesting count.

import { assert } from './errors.ts';
import type { LinearMemory } from './linear-memory.ts';
import { Request } from './request.ts';
import type { MemoryPlan, RegionRequest } from './state/regions.ts';
import { field, stateTable, viewsOf } from './state/table.ts';
import type { StateViews } from './state/table.ts';

const LOCK_STATE = stateTable('machine-lock', {
  nextTicket: field('i32', 'the ticket the next contender takes', { saved: false }),
  nowServing: field('i32', 'the ticket that holds the lock, or may take it; contenders sleep on this word', { saved: false }),
  inGuestMode: field('i32', 'how many vCPUs are in guest mode; stays set while a slice hands the lock over', { saved: false }),
});

/** The region the lock needs in the linear memory. */
export const MACHINE_LOCK_REGION: RegionRequest = { name: 'machine-lock', bytes: LOCK_STATE.size };

/**
 * Sets Request.YIELD in the request words at byte offsets `requestWords`, so that running vCPUs come to an instruction
 * boundary and hand the lock over. Fits MachineLock's `onContend` on any thread.
 */
export function yieldRequester(memory: LinearMemory, requestWords: readonly number[]): () => void {
  return () => {
    for (const offset of requestWords) {
      Atomics.or(memory.i32, offset >>> 2, Request.YIELD);
      if (memory.shared) Atomics.notify(memory.i32, offset >>> 2);
    }
  };
}

/** Sleeps while the word is `value`; returns at once where the host forbids this thread to block, so the caller spins. */
export function sleepWhile(word: Int32Array, value: number): void {
  try {
    Atomics.wait(word, 0, value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

/** A fair (ticket) lock on words of the linear memory; one instance per thread, re-entrant within it. */
export class MachineLock {
  private readonly words: StateViews<typeof LOCK_STATE.fields>;
  private readonly shared: boolean;
  private depth = 0;

  /** `onContend` is called, without the lock, when `acquire` has to wait: it asks running vCPUs to give the lock up. */
  constructor(
    memory: LinearMemory,
    plan: MemoryPlan,
    private readonly onContend: () => void = () => {},
  ) {
    this.words = viewsOf(LOCK_STATE, memory, plan[MACHINE_LOCK_REGION.name].offset);
    this.shared = memory.shared;
  }

  /** Waits for the lock. Nested calls on one thread only count. */
  acquire(): void {
    if (this.depth++ > 0 || !this.shared) return;
    const { nextTicket, nowServing } = this.words;
    const ticket = Atomics.add(nextTicket, 0, 1);
    let serving = Atomics.load(nowServing, 0);
    if (serving === ticket) return;
    // After taking the ticket, never before: whoever sees the request also sees `contended`.
    this.onContend();
    while (serving !== ticket) {
      sleepWhile(nowServing, serving);
      serving = Atomics.load(nowServing, 0);
    }
  }

  release(): void {
    assert(this.depth > 0, 'only the holder releases the machine lock');
    if (--this.depth > 0 || !this.shared) return;
    Atomics.add(this.words.nowServing, 0, 1);
    Atomics.notify(this.words.nowServing, 0);
  }

  /** Runs `action` with the lock held. */
  with<T>(action: () => T): T {
    this.acquire();
    try {
      return action();
    } finally {
      this.release();
    }
  }

  /** This thread holds the lock. */
  get held(): boolean {
    return this.depth > 0;
  }

  /** Someone waits behind the present holder. Meaningful to the holder. */
  get contended(): boolean {
    const { nextTicket, nowServing } = this.words;
    return this.shared && ((Atomics.load(nextTicket, 0) - Atomics.load(nowServing, 0)) | 0) > 1;
  }

  /**
   * Lets everyone who waits now have the lock, then takes it back. For the run loop, at an instruction boundary and with one
   * level held: clear Request.YIELD first, then hand over, so that a request made meanwhile is seen afterwards.
   */
  handOver(): void {
    assert(this.depth === 1, 'the lock is handed over only from its outermost level');
    this.release();
    this.acquire();
  }

  /** A vCPU enters guest mode: from here until `leaveGuest` calls that need the vCPUs stopped fail with EBUSY. */
  enterGuest(): void {
    Atomics.add(this.words.inGuestMode, 0, 1);
  }

  leaveGuest(): void {
    Atomics.sub(this.words.inGuestMode, 0, 1);
  }

  /** How many vCPUs are in guest mode. */
  get guestMode(): number {
    return Atomics.load(this.words.inGuestMode, 0);
  }
}
