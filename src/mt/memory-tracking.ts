// The memory tracking subsystem as the thread that runs the vCPUs sees it: the seven ioctls as methods, the extensions, and
// what the machine calls. Named after the KVM list posting of April 2016, "KVM: Dirty memory tracking for performant
// checkpointing and improved live migration". Where the posting is silent, README.md beside this file says what was decided.

import { requireS64, shown } from '../base/arguments.ts';
import type { Arming } from '../base/arming.ts';
import type { DirtySink } from '../base/dirty-sink.ts';
import { KvmError } from '../base/errors.ts';
import { INTERNALS } from '../base/internals.ts';
import type { LinearMemory } from '../base/linear-memory.ts';
import type { MachineLock } from '../base/machine-lock.ts';
import type { MachineShape, MemoryPlan } from '../base/state/regions.ts';
import type { Trace } from '../base/trace.ts';
import { MtEnable, MtFlag, MtOp } from './abi.ts';
import { AsyncWaits } from './async-waits.ts';
import { Cycles } from './cycles.ts';
import { DirtyLimit } from './dirty-limit.ts';
import { SublistFetch } from './fetch.ts';
import type { CheckedFetch } from './fetch.ts';
import { MAX_TRACKED_VCPUS, mtViews } from './layout.ts';
import type { MtControl, MtViews } from './layout.ts';
import { Lists } from './lists.ts';
import { Shadow } from './shadow.ts';
import type { PageReader } from './shadow.ts';
import { MtStatistics } from './stats.ts';
import type { ExternalCounters, MtStats } from './stats.ts';
import { checkedInit, requireU32 } from './types.ts';
import type { FetchRequest, FetchResult, InitRequest, MtExit } from './types.ts';
import { WaitQueue } from './wait-queue.ts';

export interface MemoryTrackingOptions {
  readonly memory: LinearMemory;
  readonly plan: MemoryPlan;
  readonly shape: MachineShape;
  readonly lock: MachineLock;
  readonly arming: Arming;
  /** Pages of all memslots now. */
  readonly pageCount: () => number;
  /** The trigger or `max_dirty` was reached: every vCPU is to come out of guest mode and ask `pendingExit`. */
  readonly onTrigger?: () => void;
  /** Turns the lost-write oracle on. */
  readonly verify?: PageReader;
  /** Counters of the machine that `stats` is to show per cycle. */
  readonly external?: () => ExternalCounters;
  readonly trace?: Trace;
  /** Milliseconds, for the statistics only. */
  readonly now?: () => number;
  /** The state in the linear memory, if not where the plan has it. */
  readonly views?: MtViews;
}

/**
 * Memory tracking of one machine, `vm.mt`: the seven ioctls as methods, and what goes beyond them. docs/memory-tracking.md tells the
 * sequence of the calls.
 */
export class MemoryTracking implements DirtySink {
  readonly #options: MemoryTrackingOptions;
  readonly #lock: MachineLock;
  readonly #control: MtControl;
  readonly #limit: DirtyLimit;
  readonly #lists: Lists;
  readonly #queue: WaitQueue;
  readonly #fetches: SublistFetch;
  readonly #waits: AsyncWaits;
  readonly #statistics: MtStatistics;
  readonly #shadow: Shadow | null;
  readonly #cycles: Cycles;

  /** @internal */
  constructor(options: MemoryTrackingOptions) {
    this.#options = options;
    const { memory, plan, shape, lock, arming, verify, trace } = options;
    const views = options.views ?? mtViews(memory, plan, shape);
    this.#lock = lock;
    this.#control = views.control;
    this.#limit = new DirtyLimit(this.#control, options.pageCount);
    this.#lists = new Lists(views, {
      limitReached: options.onTrigger ?? (() => {}),
      waiterReady: () => this.#queue.alarm(),
      waiterReadyByLog: (vcpu) => arming.drain(vcpu),
    });
    this.#queue = new WaitQueue(this.#control, memory.shared, () => this.#waits.notice());
    this.#shadow = verify ? new Shadow(views, verify) : null;
    this.#fetches = new SublistFetch(this.#lists, this.#queue, arming, (gfns) => this.#shadow?.fetched(gfns));
    this.#waits = new AsyncWaits(lock, this.#queue, this.#fetches, this.#control, memory.shared);
    this.#statistics = new MtStatistics(this.#control, options.external ?? (() => ({})), options.now ?? (() => performance.now()));
    this.#cycles = new Cycles({
      arming,
      limit: this.#limit,
      lists: this.#lists,
      fetches: this.#fetches,
      queue: this.#queue,
      waits: this.#waits,
      statistics: this.#statistics,
      shadow: this.#shadow,
      trace,
    });
  }

  // The ioctls.

  /**
   * KVM_INIT_MT. EINVAL: version other than 1, unknown op or flags, `maxDirty` 0 on init, more vCPUs than can be tracked.
   * EBUSY: initialised already. ENXIO: cleanup of what is not initialised. Cleanup switches tracking off first.
   */
  initMt(request: InitRequest): void {
    const { op, flags, maxDirty } = checkedInit(request);
    const { vcpus } = this.#options.shape;
    if (vcpus > MAX_TRACKED_VCPUS) throw new KvmError('EINVAL', `${vcpus} vCPUs, at most ${MAX_TRACKED_VCPUS} can be tracked`);
    this.#lock.with(() => (op === MtOp.INIT ? this.init(flags, maxDirty) : this.cleanup()));
  }

  private init(flags: number, maxDirty: number): void {
    const control = this.#control;
    if (control.initialised[0] !== 0) throw new KvmError('EBUSY', 'memory tracking is initialised already');
    control.initialised[0] = 1;
    control.noDups[0] = (flags & MtFlag.NO_DUPS) !== 0 ? 1 : 0;
    this.#limit.init(maxDirty);
    this.#queue.setAlarm();
    this.#statistics.reset();
  }

  private cleanup(): void {
    this.requireInitialised();
    if (this.#control.enabled[0] !== 0) this.#cycles.disable();
    this.#control.initialised[0] = 0;
  }

  /** KVM_ENABLE_MT. ENXIO before INIT. EINVAL: flags other than 0 or 1. Nothing changes if it is in that state already. */
  enableMt(flags: number): void {
    this.#lock.with(() => {
      this.requireInitialised();
      if (flags !== MtEnable.ON && flags !== MtEnable.OFF) throw new KvmError('EINVAL', `mt_enable flags ${shown(flags)}`);
      if (flags === this.#control.enabled[0]) return;
      if (flags === MtEnable.ON) this.#cycles.enable();
      else this.#cycles.disable();
    });
  }

  /**
   * KVM_PREPARE_MT_CP: starts cycle `cpid` (any s64). ENXIO unless enabled, EBUSY while a vCPU is in guest mode. What was
   * not fetched is carried over, what was not re-armed is re-armed now.
   */
  prepareMtCp(cpid: bigint): void {
    this.#lock.with(() => {
      this.requireEnabled();
      requireS64('cpid', cpid);
      this.requireStopped();
      this.#cycles.prepare(cpid);
    });
  }

  /**
   * KVM_MT_SUBLIST_FETCH. ENXIO, EINVAL, EFAULT as `SublistFetch.check` says; EDEADLK: a WAIT that would have to sleep, since
   * this thread runs the vCPUs.
   */
  fetchSublist(request: FetchRequest): FetchResult {
    return this.#lock.with(() => {
      const fetch = this.#fetches.check(request);
      this.#fetches.drain();
      if (!this.#fetches.satisfied(fetch)) throw new KvmError('EDEADLK', 'a fetch would wait on the thread that runs the vCPUs');
      return this.take(fetch);
    });
  }

  /** The same, waiting without blocking. Rejects with EINTR when `signal` aborts, with ENXIO when tracking is switched off. */
  async fetchSublistAsync(request: FetchRequest & { readonly signal?: AbortSignal }): Promise<FetchResult> {
    return this.#lock.with(() => {
      const fetch = this.#fetches.check(request);
      this.#fetches.drain();
      return this.#fetches.satisfied(fetch) ? this.take(fetch) : this.#waits.start(fetch, request.signal);
    });
  }

  private take(fetch: CheckedFetch): FetchResult {
    const result = this.#statistics.timed('fetchingMs', () => this.#fetches.take(fetch));
    this.#options.trace?.on?.('mt-fetch', { count: result.gfns.length, waiting: result.waiting });
    return result;
  }

  /** KVM_REARM_DIRTY_PAGES: arms every page fetched and not armed since. ENXIO unless enabled, EBUSY in guest mode. Idempotent. */
  rearmDirtyPages(): void {
    this.#lock.with(() => {
      this.requireEnabled();
      this.requireStopped();
      this.#cycles.rearm();
    });
  }

  /**
   * KVM_MT_VM_QUIESCED: all that was written is in the lists; wakes every waiter. ENXIO unless enabled, EBUSY in guest mode.
   * With `verify`, throws LostWriteError (the VM is quiesced all the same).
   */
  mtVmQuiesced(): void {
    this.#lock.with(() => {
      this.requireEnabled();
      this.requireStopped();
      this.#cycles.quiesce();
    });
  }

  /** KVM_MT_DIRTY_TRIGGER: `trigger` entries, 0 for off. ENXIO before INIT. EINVAL above `max_dirty`. */
  mtDirtyTrigger(trigger: number): void {
    this.#lock.with(() => {
      this.requireInitialised();
      this.#limit.setTrigger(trigger);
      if (this.#limit.reached) this.#options.onTrigger?.();
    });
  }

  // Extensions.

  /**
   * Gives the cycle up: every page reported in it is dirty again and will be reported again. Returns how many pages went back
   * (the others wait anyway). ENXIO unless enabled, EBUSY in guest mode. The next PREPARE starts afresh.
   */
  abort(): number {
    return this.#lock.with(() => {
      this.requireEnabled();
      this.requireStopped();
      return this.#cycles.abort();
    });
  }

  /** The state now and the counters of this cycle and of all. */
  stats(): MtStats {
    return this.#lock.with(() => {
      const control = this.#control;
      return {
        initialised: control.initialised[0] !== 0,
        enabled: control.enabled[0] !== 0,
        quiesced: control.quiesced[0] !== 0,
        cpid: this.cpid,
        dirty: control.count[0],
        waiting: control.available[0],
        maxDirty: control.maxDirty[0],
        dirtyTrigger: control.trigger[0],
        cycle: this.#statistics.cycle(),
        total: this.#statistics.total(),
        verify: this.#shadow?.stats ?? null,
      };
    });
  }

  /** Makes the waiting fetches of the MtFetcher `id` fail with EINTR. Returns whether one was waiting. */
  interruptFetcher(id: number): boolean {
    requireU32(id, 'id');
    return this.#lock.with(() => this.#queue.interrupt(id));
  }

  // What the machine calls.

  /** @internal */
  guestDirty(vcpu: number, gfn: number): void {
    this.#lists.guestDirty(vcpu, gfn);
  }

  /**
   * Hold the lock over this call and the write that follows: between them a fetch would see the page before the write.
   * @internal
   */
  hostDirty(gfn: number): void {
    if (this.#control.enabled[0] !== 0) this.#statistics.own.hostWrites++;
    this.#lists.hostDirty(gfn);
  }

  /** @internal */
  pmlAppended(vcpu: number, unflushed: number): void {
    this.#lists.pmlAppended(vcpu, unflushed);
  }

  /**
   * After each slice: collects what the hardware logged if anyone waits for it, and settles waiting fetches of this thread.
   * @internal
   */
  settleWaiters(): void {
    if (this.#queue.length === 0) return;
    this.#lock.with(() => {
      if (this.#control.enabled[0] !== 0) this.#fetches.drain();
      this.#waits.settle();
    });
  }

  /**
   * Before a vCPU enters guest mode. EBUSY between VM_QUIESCED and PREPARE.
   * @internal
   */
  checkEntry(): void {
    if (this.#control.quiesced[0] !== 0) throw new KvmError('EBUSY', 'the VM is quiesced; PREPARE_MT_CP starts the next cycle');
  }

  /**
   * The exit every vCPU is to take now, or null. Ask at each entry, and at each exit once its log is drained: entries that were
   * counted while they were in the log may turn out to be duplicates. After PREPARE it stays null until `progressed` was called.
   * @internal
   */
  pendingExit(): MtExit | null {
    return this.#limit.reached ? this.#limit.pendingExit(this.cpid) : null;
  }

  /**
   * PREPARE promised an instruction, but carried entries have reached the limit already. Run one instruction, call `progressed`,
   * then ask `pendingExit`.
   * @internal
   */
  get singleStep(): boolean {
    return this.#limit.singleStep;
  }

  /**
   * At least one instruction has retired since the vCPUs entered.
   * @internal
   */
  progressed(): void {
    this.#limit.progressed();
  }

  /**
   * Pages [gfn, gfn + count) got a memslot. While tracking is on they are all reported, by the host.
   * @internal
   */
  slotAdded(gfn: number, count: number): void {
    this.#lock.with(() => {
      this.#limit.refresh();
      for (let page = gfn; page < gfn + count; page++) this.#lists.hostDirty(page);
    });
  }

  /**
   * Pages [gfn, gfn + count) lost their memslot: their entries are discarded.
   * @internal
   */
  slotDeleted(gfn: number, count: number): void {
    this.#lock.with(() => {
      this.#limit.refresh();
      if (this.#control.enabled[0] === 0) return;
      this.#fetches.drain();
      this.#statistics.own.discarded += this.#lists.discard(gfn, count);
    });
  }

  /** @internal */
  get [INTERNALS](): { readonly lists: Lists; readonly fetches: SublistFetch; readonly arming: Arming } {
    return { lists: this.#lists, fetches: this.#fetches, arming: this.#options.arming };
  }

  /** Whether tracking is on. */
  get enabled(): boolean {
    return this.#control.enabled[0] !== 0;
  }

  /** The current cycle, null before the first PREPARE. */
  get cpid(): bigint | null {
    return this.#cycles.cpid;
  }

  private requireInitialised(): void {
    if (this.#control.initialised[0] === 0) throw new KvmError('ENXIO', 'memory tracking is not initialised');
  }

  private requireEnabled(): void {
    if (this.#control.enabled[0] === 0) throw new KvmError('ENXIO', 'memory tracking is not enabled');
  }

  private requireStopped(): void {
    if (this.#lock.guestMode > 0) throw new KvmError('EBUSY', 'a vCPU is in guest mode');
  }
}
