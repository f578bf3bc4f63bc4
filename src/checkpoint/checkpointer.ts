// Continuous incremental checkpoints over memory tracking, in the sequence the MT interface intends:
//
//   INIT → ENABLE → DIRTY_TRIGGER → copy all memory once
//   → { PREPARE(cpid) → run → stop vCPUs → VM_QUIESCED → save state → FETCH until 0 → copy pages and blocks → keep → REARM }*
//
// The copy is made while the VM is stopped, so pages are re-armed after it: nothing can be written in between. If the store cannot
// keep the cycle, abort takes the place of REARM.

import { requireFunction } from '../base/arguments.ts';
import type { BlockImages, BlockTracker } from '../base/blocks.ts';
import { KvmError } from '../base/errors.ts';
import { INTERNALS } from '../base/internals.ts';
import { vmOf } from '../boot/vm-target.ts';
import type { Machine } from '../boot/vm-target.ts';
import { MtEnable, MtFlag, MtOp } from '../mt/abi.ts';
import type { MtStats } from '../mt/stats.ts';
import { hashMachine } from '../snapshot/hash.ts';
import { copyMemory } from '../snapshot/memory-image.ts';
import type { Exit, SliceResult } from '../vm/exit.ts';
import type { Vm } from '../vm/vm.ts';
import { checkCheckpointer, checkCycle, checkRewind } from './check-arguments.ts';
import { Harvest } from './harvest.ts';
import { KeptDelta } from './kept-delta.ts';
import { PagePool } from './page-pool.ts';
import { PhaseTimes } from './phase-times.ts';
import type { Phases } from './phase-times.ts';
import type { PooledPages } from './pooled-pages.ts';
import { enterState, rebuildCycle, refusingMalformed, tryState } from './rebuild.ts';
import { storeAfterRewind } from './rewind-store.ts';
import type { RewindOptions } from './rewind-store.ts';
import { describeMachine } from './store.ts';
import { MemoryStore } from './memory-store.ts';
import type { CheckpointStore, GuestEnd } from './store.ts';

/** When a cycle ends, and what is done at its end. Of several bounds the first that is reached ends it. */
export interface CheckpointPolicy {
  /** Dirty pages that end a cycle; 0, which is the default, for no trigger. */
  readonly dirtyTrigger?: number;
  /** Entries at which a cycle ends whatever the trigger says; as many as the machine has pages if not given. */
  readonly maxDirty?: number;
  /** Retired instructions that end a cycle; 1,000,000 if the policy names no bound at all. */
  readonly instructions?: number;
  /** Host milliseconds that end a cycle. The cycle's end then depends on the host; what the guest computes does not. */
  readonly milliseconds?: number;
  /** Entries fetched at a time. */
  readonly batch?: number;
  /** Take a hash of all memory and devices' blocks at each cycle's end, so that rebuilds can be verified. */
  readonly hash?: boolean;
}

/** What a cycle may be given beyond the policy. */
export interface CycleOptions {
  /** Retired instructions at which it ends whatever the policy says. */
  readonly limit?: number;
  /** Runs one slice of at most so many instructions and milliseconds instead of `vm.runSlice`. */
  readonly runSlice?: (limit: number, milliseconds: number) => SliceResult;
}

/** What a cycle was. */
export interface CycleReport {
  /** The cycle's number, from 1 on. */
  readonly cpid: number;
  /** What ended the cycle: an MT exit, a limit of the policy, or the guest's own end. */
  readonly exit: Exit;
  /** Index of the vCPU that was executing. */
  readonly vcpu: number;
  /** Instructions retired in the cycle, over all vCPUs. */
  readonly retired: number;
  /** Pages reported and copied, in the order they were first written. */
  readonly gfns: readonly number[];
  /** Blocks of devices that changed. */
  readonly blocks: number;
  /** How often a vCPU left the guest because its PML log was full; 0 under write-protect. */
  readonly pmlFullExits: number;
  /** How many of its 512 entries a vCPU's PML log had at its fullest in the cycle. It is drained at every exit. 0 under write-protect. */
  readonly pmlFullest: number;
  /** Accesses that EPT did not permit: under write-protect one for each page first written. */
  readonly eptViolations: number;
  /** Microseconds of the host's clock by step; `hash` is 0 unless the policy takes one. */
  readonly phases: Phases;
}

/** A cycle ran, but the store could not keep it: the next reports again what it has. `cause` is the store's error. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';

  /** `report` is of the cycle that was not kept. */
  constructor(
    readonly report: CycleReport,
    override readonly cause: unknown,
  ) {
    super(`cycle ${report.cpid} could not be kept: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

const DEFAULT_BATCH = 512;
const DEFAULT_INSTRUCTIONS = 1_000_000;
/** Milliseconds of a slice: between two turns of the host's event loop. */
const SLICE = 5;

/**
 * Takes incremental checkpoints of a machine: a base, then cycle after cycle what was written in it. It uses the machine's memory
 * tracking, which nobody else may use meanwhile.
 */
export class Checkpointer {
  private cpid = 0;
  private readonly vm: Vm;
  private readonly policy: CheckpointPolicy;
  private readonly harvest: Harvest;
  private trackers: readonly (readonly [string, BlockTracker])[] = [];
  private kept: CheckpointStore;
  /** Cycles after this one belong to a run that was left, and the store has them still; null if it has none. */
  private leftBehind: number | null = null;

  /**
   * Over a machine (a `Pc` or a `Vm`) created with `tracking`, a store (a `MemoryStore` of its own if not given) and a policy. `now` gives
   * the milliseconds of the host's clock.
   */
  constructor(
    machine: Machine,
    store: CheckpointStore = new MemoryStore(),
    policy: CheckpointPolicy = {},
    private readonly now: () => number = () => performance.now(),
  ) {
    this.vm = vmOf(machine);
    checkCheckpointer(store, policy, now);
    this.kept = store;
    const isBounded = (policy.instructions ?? policy.milliseconds) !== undefined || (policy.dirtyTrigger ?? 0) > 0;
    this.policy = isBounded || policy.maxDirty !== undefined ? policy : { ...policy, instructions: DEFAULT_INSTRUCTIONS };
    this.harvest = new Harvest(this.vm, policy.batch ?? DEFAULT_BATCH);
  }

  /** Where the checkpoints are: another store than at first, once a rewind forked it. */
  get store(): CheckpointStore {
    return this.kept;
  }

  /** Switches tracking on and keeps the base. KvmError as the ioctls say (ENXIO: the machine has no tracking method). */
  start(): void {
    const { vm, policy } = this;
    vm.mt.initMt({ op: MtOp.INIT, flags: MtFlag.NO_DUPS, maxDirty: policy.maxDirty ?? vm.pageCount });
    vm.mt.enableMt(MtEnable.ON);
    vm.mt.mtDirtyTrigger(policy.dirtyTrigger ?? 0);
    this.track();
    this.store.putBase({
      machine: describeMachine(vm),
      state: vm.saveCore(),
      blocks: new Map([...(vm.platform?.blocks ?? [])].map(([name, store]) => [name, store.save()])),
      pages: copyMemory(vm),
      hash: policy.hash ? hashMachine(vm) : null,
    });
  }

  /** Begins to note which blocks change. */
  private track(): void {
    this.trackers = [...(this.vm.platform?.blocks ?? [])].map(([name, store]) => [name, store.track()]);
  }

  /**
   * Makes the machine the one at the end of cycle `cpid` (0 is the base). The next cycle is `cpid` + 1, and reports what differs from that
   * end. The cycles after `cpid` are forgotten, unless the run goes on in a fork of the store: `fork: true` for one that the store makes
   * itself, or an empty store, into which the cycles up to `cpid` are copied. Returns how the guest had ended there, null if it goes on.
   *
   * InputError, and nothing changes: a cycle that the store does not hold or that is damaged, a store that can neither forget cycles nor
   * fork, a state that is not this machine's. KvmError ENXIO before `start`; EBUSY from within a slice, and while a journal is recorded. If
   * the store fails while it forgets, its error passes through, the machine is rewound, and the next cycle has the store try again.
   */
  rewindTo(cpid: number, options: RewindOptions = {}): GuestEnd | null {
    checkRewind(cpid, options);
    const { vm } = this;
    if (!vm.mt.enabled) throw new KvmError('ENXIO', 'the checkpointer was not started: there is nothing to rewind to');
    const rebuilt = rebuildCycle(this.kept, cpid);
    const goesOnIn = storeAfterRewind(this.kept, cpid, options.fork ?? false);
    refusingMalformed(`cycle ${cpid}`, () => tryState(vm, rebuilt));
    // While nobody tracks, blocks that were never written at that time are forgotten, and not kept as changed back.
    for (const [, tracker] of this.trackers) tracker.stop();
    enterState(vm, rebuilt);
    this.track();
    // What the rewind itself wrote is no part of the next cycle.
    this.harvest.fetch();
    vm.mt.rearmDirtyPages();
    this.cpid = cpid;
    this.leftBehind = goesOnIn === this.kept ? cpid : null;
    this.kept = goesOnIn;
    this.forget();
    return rebuilt.end;
  }

  /** Has the store forget the cycles of a run that was left. */
  private forget(): void {
    if (this.leftBehind === null) return;
    this.kept.truncate!(this.leftBehind);
    this.leftBehind = null;
  }

  /**
   * Runs one cycle. If the store cannot keep it, the cycle is aborted and CheckpointError is thrown, with the report. What the cycle
   * holds is then reported again, and the machine can go on. With the machine's `verify`, throws LostWriteError.
   */
  cycle(options: CycleOptions = {}): CycleReport {
    checkCycle(options);
    this.forget();
    const steps = this.steps(options);
    for (;;) {
      const step = steps.next(true);
      if (step.done) return step.value;
    }
  }

  /**
   * The same, but awaits `between` before each slice, so that the host's event loop gets its turns. Once that gives false, the
   * cycle ends there, with exit `interrupted`.
   */
  async cycleAsync(between: () => Promise<boolean>, options: CycleOptions = {}): Promise<CycleReport> {
    requireFunction('between', between);
    checkCycle(options);
    this.forget();
    const steps = this.steps(options);
    // What the first `next` is given reaches nobody: the generator has not begun.
    let step = steps.next(true);
    while (!step.done) step = steps.next(await between());
    return step.value;
  }

  /** Switches tracking off. */
  stop(): void {
    for (const [, tracker] of this.trackers) tracker.stop();
    this.trackers = [];
    this.vm.mt.initMt({ op: MtOp.CLEANUP });
  }

  /** Memory tracking's state and counters, of this cycle and of all. */
  stats(): MtStats {
    return this.vm.mt.stats();
  }

  /** The steps of one cycle. Yields before each slice; given false, it ends the cycle instead of running on. */
  private *steps(options: CycleOptions): Generator<void, CycleReport, boolean> {
    const { vm } = this;
    const { mt } = vm;
    const times = new PhaseTimes(this.now);
    const before = vm.counters();
    const { hub } = vm[INTERNALS].parts;
    hub.takeFullestLog();
    this.cpid++;
    mt.prepareMtCp(BigInt(this.cpid));
    times.ended('prepare');
    const { exit, retired, vcpu } = yield* this.run(options);
    times.ended('run');
    mt.mtVmQuiesced();
    times.ended('quiesce');
    // Before the harvest, since a device may write guest memory when it is saved.
    const core = vm.captureCore();
    times.ended('store');
    const gfns = this.harvest.fetch();
    times.ended('fetch');
    // A store without a pool may keep what it is given for ever.
    const pages = this.harvest.copy(gfns, this.store.pool ?? new PagePool(), core.bytes);
    const blocks = this.takeBlocks();
    times.ended('copy');
    const hash = this.policy.hash ? hashMachine(vm) : null;
    times.ended('hash');
    const failure = this.keep(new KeptDelta(this.cpid, core, pages, blocks, hash, endOf(exit)), pages);
    times.ended('store');
    if (!failure) {
      mt.rearmDirtyPages();
      times.ended('rearm');
    }
    const after = vm.counters();
    const report: CycleReport = {
      cpid: this.cpid,
      exit,
      vcpu,
      retired,
      gfns: numbersOf(gfns),
      blocks: blocksIn(blocks),
      phases: times.phases,
      pmlFullExits: after.pmlFull - before.pmlFull,
      pmlFullest: hub.takeFullestLog(),
      eptViolations: after.eptViolations - before.eptViolations,
    };
    if (!failure) return report;
    this.cpid--;
    throw new CheckpointError(report, failure.error);
  }

  /** Puts the cycle into the store. Null if that has kept it; else aborts the cycle and gives what the store threw. */
  private keep(delta: KeptDelta, pages: PooledPages): { readonly error: unknown } | null {
    const { vm } = this;
    try {
      this.store.putDelta(delta);
      return null;
    } catch (error) {
      if (pages.claimFor(pages.pool)) pages.release();
      vm.mt.abort();
      for (const [name, tracker] of this.trackers) tracker.putBack(delta.blocks.get(name) ?? new Map());
      return { error };
    }
  }

  private *run({ limit = Infinity, runSlice }: CycleOptions): Generator<void, SliceResult, boolean> {
    const { instructions = Infinity, milliseconds = Infinity } = this.policy;
    const run = runSlice ?? ((slice: number, time: number) => this.vm.runSlice(slice, { milliseconds: time }));
    const until = this.now() + milliseconds;
    const most = Math.min(instructions, limit);
    let retired = 0;
    let vcpu = 0;
    while (yield) {
      const result = run(most - retired, Math.min(SLICE, Math.max(0, until - this.now())));
      ({ vcpu } = result);
      retired += result.retired;
      if (result.exit.kind !== 'limit' || retired >= most || this.now() >= until) return { vcpu, exit: result.exit, retired };
    }
    return { vcpu, exit: { kind: 'interrupted' }, retired };
  }

  /** The blocks that changed, for devices of which any has. */
  private takeBlocks(): BlockImages {
    if (this.trackers.length === 0) return new Map();
    const taken = this.trackers.map(([name, tracker]) => [name, tracker.take()] as const);
    return new Map(taken.filter(([, image]) => image.size > 0));
  }
}

/** As a list of numbers; `Array.from` takes several times as long. */
function numbersOf(gfns: Uint32Array): number[] {
  const numbers: number[] = [];
  for (let n = 0; n < gfns.length; n++) numbers.push(gfns[n]!);
  return numbers;
}

function blocksIn(blocks: BlockImages): number {
  let sum = 0;
  for (const { size } of blocks.values()) sum += size;
  return sum;
}

const endOf = (exit: Exit): GuestEnd | null =>
  exit.kind === 'hlt' || exit.kind === 'shutdown' || exit.kind === 'debug-exit' ? exit : null;
