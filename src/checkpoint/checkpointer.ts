// Continuous incremental checkpoints over memory tracking, in the sequence the MT interface intends:
//
//   INIT → ENABLE → DIRTY_TRIGGER → copy all memory once
//   → { PREPARE(cpid) → run → stop vCPUs → VM_QUIESCED → FETCH until 0 → copy pages → REARM }*
//
// The copy is made while the VM is stopped, so pages are re-armed after it: nothing can be written in between.

import { MtEnable, MtFlag, MtOp } from '../mt/abi.ts';
import type { MtStats } from '../mt/stats.ts';
import { hashMemory } from '../snapshot/hash.ts';
import { copyMemory } from '../snapshot/memory-image.ts';
import type { MemoryImage } from '../snapshot/memory-image.ts';
import type { Exit } from '../vm/exit.ts';
import type { Vm } from '../vm/vm.ts';
import { DEFAULT_QUANTUM } from '../vm/config.ts';
import { PhaseTimes } from './phase-times.ts';
import type { Phases } from './phase-times.ts';
import type { CheckpointStore } from './store.ts';

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

export interface CycleReport {
  readonly cpid: number;
  /** What ended the cycle: an MT exit, a limit of the policy, or the guest's own end. */
  readonly exit: Exit;
  readonly retired: number;
  /** Pages reported and copied, in the order they were first written. */
  readonly gfns: readonly number[];
  readonly pmlFullExits: number;
  readonly eptViolations: number;
  readonly phases: Phases;
}

const DEFAULT_BATCH = 512;
/** Instructions between two looks at the host's clock when a cycle is bounded by time. */
const TIME_SLICE = 100_000;

export class Checkpointer {
  private cpid = 0;
  private readonly batch: number;

  constructor(private readonly vm: Vm, private readonly store: CheckpointStore, private readonly policy: CheckpointPolicy, private readonly now: () => number = () => performance.now()) {
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
      machine: { memory: config.memory, vcpus: config.vcpus ?? 1, quantum: config.quantum ?? DEFAULT_QUANTUM },
      state: vm.save(),
      pages: copyMemory(vm),
      hash: policy.hash ? hashMemory(vm) : null,
    });
  }

  /**
   * One cycle. If the store cannot keep it, the cycle is aborted, so that its pages are reported again, and the store's error
   * is thrown on. With the machine's `verify`, throws LostWriteError.
   */
  cycle(): CycleReport {
    const { vm } = this;
    const { mt } = vm;
    const times = new PhaseTimes(this.now);
    const before = vm.counters();
    this.cpid++;
    times.measure('prepare', () => mt.prepareMtCp(BigInt(this.cpid)));
    const { exit, retired } = times.measure('run', () => this.runCycle());
    times.measure('quiesce', () => mt.mtVmQuiesced());
    const gfns = times.measure('fetch', () => this.fetchAll());
    const pages = times.measure('copy', () => this.copyPages(gfns));
    this.keep(pages, times);
    times.measure('rearm', () => mt.rearmDirtyPages());
    const after = vm.counters();
    return {
      cpid: this.cpid, exit, retired, gfns, phases: times.phases,
      pmlFullExits: after.pmlFull - before.pmlFull, eptViolations: after.eptViolations - before.eptViolations,
    };
  }

  /** Switches tracking off. */
  stop(): void {
    this.vm.mt.initMt({ op: MtOp.CLEANUP });
  }

  stats(): MtStats {
    return this.vm.mt.stats();
  }

  private keep(pages: MemoryImage, times: PhaseTimes): void {
    const { vm, policy } = this;
    try {
      const hash = policy.hash ? hashMemory(vm) : null;
      times.measure('store', () => this.store.putDelta({ cpid: this.cpid, state: vm.save(), pages, hash }));
    } catch (error) {
      vm.mt.abort();
      this.cpid--;
      throw error;
    }
  }

  private runCycle(): { exit: Exit; retired: number } {
    const { instructions = Infinity, milliseconds = Infinity } = this.policy;
    const until = this.now() + milliseconds;
    let retired = 0;
    for (;;) {
      const left = instructions - retired;
      const result = this.vm.runSlice(milliseconds === Infinity ? left : Math.min(left, TIME_SLICE));
      retired += result.retired;
      if (result.exit.kind !== 'limit' || retired >= instructions || this.now() >= until) return { exit: result.exit, retired };
    }
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
