// Continuous incremental checkpoints over memory tracking, in the sequence the MT interface intends:
//
//   INIT → ENABLE → DIRTY_TRIGGER → copy all memory once
//   → { PREPARE(cpid) → run → stop vCPUs → VM_QUIESCED → FETCH until 0 → copy pages → REARM }*
//
// The copy is made while the VM is stopped, so pages are re-armed after it: nothing can be written in between.

import { requireFunction } from '../base/arguments.ts';
import { MtEnable, MtFlag, MtOp } from '../mt/abi.ts';
import type { MtStats } from '../mt/stats.ts';
import { hashMemory } from '../snapshot/hash.ts';
import { copyMemory } from '../snapshot/memory-image.ts';
import type { MemoryImage } from '../snapshot/memory-image.ts';
import type { Exit, SliceResult } from '../vm/exit.ts';
import type { VmState } from '../vm/save.ts';
import type { Vm } from '../vm/vm.ts';
import { DEFAULT_QUANTUM } from '../vm/config.ts';
import { checkCheckpointer, checkCycle } from './check-arguments.ts';
import { PhaseTimes } from './phase-times.ts';
import type { Phases } from './phase-times.ts';
import type { CheckpointStore, GuestEnd } from './store.ts';

export interface CheckpointPolicy {
  /** Dirty pages that end a cycle; 0 for no trigger. */
  readonly dirtyTrigger: number;
  /** Entries at which a cycle ends whatever the trigger says. */
  readonly maxDirty: number;
  /** Retired instructions that end a cycle. */
  readonly instructions?: number;
  /** Host milliseconds that end a cycle. Makes the cycle bounds, not the guest, depend on the host. */
  readonly milliseconds?: number;
  /** Entries fetched at a time. */
  readonly batch?: number;
  /** Take a hash of all memory at each cycle's end, so that rebuilds can be verified. */
  readonly hash?: boolean;
}

/** What a cycle may be given beyond the policy. */
export interface CycleOptions {
  /** Retired instructions at which it ends whatever the policy says. */
  readonly limit?: number;
  /** Runs one slice instead of `vm.runSlice`, for whoever wants to look at each instruction. */
  readonly runSlice?: (limit: number) => SliceResult;
}

export interface CycleReport {
  readonly cpid: number;
  /** What ended the cycle: an MT exit, a limit of the policy, or the guest's own end. */
  readonly exit: Exit;
  /** Index of the vCPU that was executing. */
  readonly vcpu: number;
  readonly retired: number;
  /** Pages reported and copied, in the order they were first written. */
  readonly gfns: readonly number[];
  readonly pmlFullExits: number;
  readonly eptViolations: number;
  readonly phases: Phases;
}

const DEFAULT_BATCH = 512;
/**
 * Instructions between two looks at the host's clock, or turns of its event loop: at first, and at most. A slice that takes less
 * than SHORT milliseconds is followed by one of twice the size, after one of more than LONG come halves.
 */
const FIRST_SLICE = 20_000;
const MAX_SLICE = 4_000_000;
const SHORT = 0.5;
const LONG = 4;

export class Checkpointer {
  private cpid = 0;
  private slice = FIRST_SLICE;
  private readonly batch: number;

  constructor(
    private readonly vm: Vm,
    private readonly store: CheckpointStore,
    private readonly policy: CheckpointPolicy,
    private readonly now: () => number = () => performance.now(),
  ) {
    checkCheckpointer(vm, store, policy, now);
    this.batch = policy.batch ?? DEFAULT_BATCH;
  }

  /** Switches tracking on and keeps the base. KvmError as the ioctls say (ENXIO: the machine has no tracking method). */
  start(): void {
    const { vm, policy } = this;
    vm.mt.initMt({ op: MtOp.INIT, flags: MtFlag.NO_DUPS, maxDirty: policy.maxDirty });
    vm.mt.enableMt(MtEnable.ON);
    vm.mt.mtDirtyTrigger(policy.dirtyTrigger);
    const { config } = vm;
    this.store.putBase({
      machine: {
        memory: config.memory,
        vcpus: config.vcpus ?? 1,
        quantum: config.quantum ?? DEFAULT_QUANTUM,
        ...(config.rom ? { rom: config.rom } : {}),
      },
      state: vm.save(),
      pages: copyMemory(vm),
      hash: policy.hash ? hashMemory(vm) : null,
    });
  }

  /**
   * One cycle. If the store cannot keep it, the cycle is aborted, so that its pages are reported again, and the store's error
   * is thrown on. With the machine's `verify`, throws LostWriteError.
   */
  cycle(options: CycleOptions = {}): CycleReport {
    checkCycle(options);
    const steps = this.steps(options);
    for (;;) {
      const step = steps.next(true);
      if (step.done) return step.value;
    }
  }

  /**
   * The same, with `between` awaited before the cycle and between slices, so that the host's event loop gets its turns. Once it
   * gives false, the cycle ends there, with exit `interrupted`.
   */
  async cycleAsync(between: () => Promise<boolean>, options: CycleOptions = {}): Promise<CycleReport> {
    requireFunction('between', between);
    checkCycle(options);
    const steps = this.steps(options);
    // What the first `next` is given reaches nobody: the generator has not begun.
    let step = steps.next(true);
    while (!step.done) step = steps.next(await between());
    return step.value;
  }

  /** Switches tracking off. */
  stop(): void {
    this.vm.mt.initMt({ op: MtOp.CLEANUP });
  }

  stats(): MtStats {
    return this.vm.mt.stats();
  }

  /** The steps of one cycle. Yields before each slice; given false, it ends the cycle instead of running on. */
  private *steps(options: CycleOptions): Generator<void, CycleReport, boolean> {
    const { vm } = this;
    const { mt } = vm;
    const times = new PhaseTimes(this.now);
    const before = vm.counters();
    this.cpid++;
    times.measure('prepare', () => mt.prepareMtCp(BigInt(this.cpid)));
    const start = this.now();
    const { exit, retired, vcpu } = yield* this.run(options);
    times.add('run', this.now() - start);
    times.measure('quiesce', () => mt.mtVmQuiesced());
    // Before the harvest, since a device may write guest memory when it is saved.
    const state = times.measure('store', () => vm.save());
    const gfns = times.measure('fetch', () => this.fetchAll());
    const pages = times.measure('copy', () => this.copyPages(gfns));
    this.keep(pages, exit, state, times);
    times.measure('rearm', () => mt.rearmDirtyPages());
    const after = vm.counters();
    return {
      cpid: this.cpid,
      exit,
      vcpu,
      retired,
      gfns,
      phases: times.phases,
      pmlFullExits: after.pmlFull - before.pmlFull,
      eptViolations: after.eptViolations - before.eptViolations,
    };
  }

  private keep(pages: MemoryImage, exit: Exit, state: VmState, times: PhaseTimes): void {
    const { vm, policy } = this;
    try {
      const hash = policy.hash ? hashMemory(vm) : null;
      times.measure('store', () => this.store.putDelta({ cpid: this.cpid, state, pages, hash, end: endOf(exit) }));
    } catch (error) {
      vm.mt.abort();
      this.cpid--;
      throw error;
    }
  }

  private *run({ limit = Infinity, runSlice }: CycleOptions): Generator<void, SliceResult, boolean> {
    const { instructions = Infinity, milliseconds = Infinity } = this.policy;
    const run = runSlice ?? ((slice: number) => this.vm.runSlice(slice));
    const until = this.now() + milliseconds;
    const most = Math.min(instructions, limit);
    let retired = 0;
    let vcpu = 0;
    while (yield) {
      const start = this.now();
      const result = run(Math.min(most - retired, this.slice));
      ({ vcpu } = result);
      retired += result.retired;
      const end = this.now();
      if (result.exit.kind !== 'limit' || retired >= most || end >= until) return { vcpu, exit: result.exit, retired };
      this.pace(end - start);
    }
    return { vcpu, exit: { kind: 'interrupted' }, retired };
  }

  /** Adapts the slices to how long one took. The guest does not notice where they end. */
  private pace(milliseconds: number): void {
    if (milliseconds < SHORT) this.slice = Math.min(2 * this.slice, MAX_SLICE);
    else if (milliseconds > LONG) this.slice = Math.max(Math.ceil(this.slice / 2), FIRST_SLICE);
  }

  private fetchAll(): number[] {
    const gfns: number[] = [];
    for (;;) {
      const fetched = this.vm.mt.fetchSublist({ count: this.batch }).gfns;
      if (fetched.length === 0) return gfns;
      for (const gfn of fetched) gfns.push(gfn);
    }
  }

  private copyPages(gfns: readonly number[]): MemoryImage {
    const pages: MemoryImage = new Map();
    for (const gfn of gfns) {
      const page = this.vm.page(gfn);
      if (page) pages.set(gfn, new Uint8Array(page));
    }
    return pages;
  }
}

const endOf = (exit: Exit): GuestEnd | null =>
  exit.kind === 'hlt' || exit.kind === 'shutdown' || exit.kind === 'debug-exit' ? exit : null;
