// The life of a cycle: tracking is switched on, PREPARE, VM_QUIESCED, the next PREPARE, …, off. Here is what each step does; the
// caller (memory-tracking.ts) has checked its arguments and the machine's state, and holds the machine's lock.

import type { Arming } from '../base/arming.ts';
import type { Trace } from '../base/trace.ts';
import type { AsyncWaits } from './async-waits.ts';
import type { DirtyLimit } from './dirty-limit.ts';
import type { SublistFetch } from './fetch.ts';
import type { MtControl } from './layout.ts';
import type { Lists } from './lists.ts';
import type { Shadow } from './shadow.ts';
import type { MtStatistics } from './stats.ts';
import type { WaitQueue } from './wait-queue.ts';

/** What a cycle is made of. */
export interface CycleParts {
  readonly arming: Arming;
  readonly limit: DirtyLimit;
  readonly lists: Lists;
  readonly fetches: SublistFetch;
  readonly queue: WaitQueue;
  readonly waits: AsyncWaits;
  readonly statistics: MtStatistics;
  readonly shadow: Shadow | null;
  readonly trace: Trace | undefined;
}

export class Cycles {
  private readonly control: MtControl;

  constructor(private readonly parts: CycleParts) {
    this.control = parts.lists.control;
  }

  /** Switches tracking on: every page armed, no entries, no cpid. */
  enable(): void {
    const { control } = this;
    const { lists, limit, arming, shadow, statistics } = this.parts;
    lists.reset();
    control.hasCpid[0] = 0;
    control.quiesced[0] = 0;
    limit.progressed();
    arming.enable();
    control.enabled[0] = 1;
    shadow?.copyAll();
    statistics.enterPhase('runningMs');
  }

  /** Switches it off: what waits is discarded, waiting fetches fail with ENXIO. */
  disable(): void {
    const { control } = this;
    const { lists, arming, statistics, waits, queue } = this.parts;
    arming.disable();
    statistics.endCycle();
    lists.reset();
    control.enabled[0] = 0;
    control.quiesced[0] = 0;
    control.generation[0]++;
    waits.settle();
    queue.clear();
  }

  /** Starts cycle `cpid`. What was not fetched is carried over, what was not re-armed is re-armed now. */
  prepare(cpid: bigint): void {
    const { control } = this;
    const { lists, limit, fetches, statistics, trace } = this.parts;
    fetches.drain();
    const lateRearmed = this.rearm();
    statistics.endCycle();
    lists.startCycle();
    control.hasCpid[0] = 1;
    control.cpidLow[0] = Number(BigInt.asUintN(32, cpid));
    control.cpidHigh[0] = Number(BigInt.asUintN(32, cpid >> 32n));
    control.quiesced[0] = 0;
    limit.promiseProgress();
    statistics.own.carried = control.count[0];
    statistics.own.lateRearmed = lateRearmed;
    statistics.enterPhase('runningMs');
    trace?.on?.('mt-cycle', { cpid });
  }

  /** The current cycle, null before the first PREPARE. */
  get cpid(): bigint | null {
    const { control } = this;
    if (control.hasCpid[0] === 0) return null;
    return BigInt.asIntN(64, (BigInt(control.cpidHigh[0]) << 32n) | BigInt(control.cpidLow[0]));
  }

  /** Arms every page fetched and not armed since. Returns how many. */
  rearm(): number {
    const { lists, fetches, statistics, shadow, trace } = this.parts;
    return statistics.timed('rearmingMs', () => {
      const gfns = lists.unarmed();
      shadow?.beforeRearm(gfns);
      fetches.rearm(gfns);
      lists.clearUnarmed();
      if (gfns.length > 0) trace?.on?.('mt-rearm', { count: gfns.length });
      return gfns.length;
    });
  }

  /** All that was written is in the lists; wakes every waiter. With the oracle, throws LostWriteError at the end. */
  quiesce(): void {
    const { control } = this;
    const { fetches, statistics, waits, queue, shadow } = this.parts;
    fetches.drain();
    control.quiesced[0] = 1;
    control.quiesces[0]++;
    statistics.enterPhase('quiescedMs');
    waits.settle();
    queue.wakeAll();
    shadow?.compare(this.cpid);
  }

  /** Every page reported in the cycle is dirty again. Returns how many went back to a list. */
  abort(): number {
    const { lists, fetches, statistics } = this.parts;
    fetches.drain();
    const again = lists.reportAgain();
    statistics.own.reportedAgain += again;
    return again;
  }
}
