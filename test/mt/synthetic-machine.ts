// A machine that consists of guest RAM, vCPUs that only store, and memory tracking. Its run loop keeps the rules a real one
// has to keep: lock while in guest mode, hand-over at store boundaries, drain at exits, exits asked for at entry and exit.

import { LinearMemory } from '../../src/base/linear-memory.ts';
import { MACHINE_LOCK_REGION, MachineLock } from '../../src/base/machine-lock.ts';
import { placesRegion, rangesOf } from '../../src/base/page-places.ts';
import { PAGE_SIZE } from '../../src/base/paging-units.ts';
import { planRegions } from '../../src/base/state/regions.ts';
import type { MachineShape, MemoryPlan } from '../../src/base/state/regions.ts';
import type { MtFetcherData } from '../../src/mt/fetcher.ts';
import { RangePlaces } from '../../src/mmu/range-places.ts';
import { mtRegions, mtViews } from '../../src/mt/layout.ts';
import type { MtViews } from '../../src/mt/layout.ts';
import { MemoryTracking } from '../../src/mt/memory-tracking.ts';
import type { MtExit } from '../../src/mt/types.ts';
import { SyntheticArming, armingRegions } from './synthetic-arming.ts';
import type { Method } from './synthetic-arming.ts';
import type { LawMachine, Store } from './laws/machine.ts';

export interface SyntheticOptions {
  readonly vcpus?: number;
  readonly pages?: number;
  readonly method?: Method;
  readonly shared?: boolean;
  /** Put around memory tracking. */
  readonly mistake?: (mt: MemoryTracking) => void;
  readonly verify?: boolean;
  /** A look at the tracking state's accesses. */
  readonly wrapViews?: (views: MtViews) => MtViews;
}

export class SyntheticMachine implements LawMachine {
  readonly shape: MachineShape;
  readonly plan: MemoryPlan;
  readonly memory: LinearMemory;
  readonly lock: MachineLock;
  readonly arming: SyntheticArming;
  readonly mt: MemoryTracking;
  readonly views: MtViews;
  readonly vcpus: number;
  readonly gfns: readonly number[];
  private readonly ram: number;
  private readonly requests: number;
  private readonly pages: number;
  private running = 0;
  triggers = 0;
  /** Pages of all memslots. */
  backed: number;
  /** Runs inside the slice, before each store: a device's handler. */
  duringSlice: () => void = () => {};

  constructor(options: SyntheticOptions = {}) {
    const { vcpus = 2, pages = 64, method = 'write-protect', shared = false, verify = false } = options;
    this.vcpus = vcpus;
    this.pages = pages;
    this.backed = pages;
    this.shape = { vcpus, gfnLimit: pages, ramBytes: pages * PAGE_SIZE };
    this.plan = planRegions([
      MACHINE_LOCK_REGION,
      placesRegion(this.shape),
      ...mtRegions(this.shape),
      ...armingRegions(this.shape),
      { name: 'test-requests', bytes: 4 * vcpus },
      { name: 'test-ram', bytes: pages * PAGE_SIZE },
    ]);
    this.memory = LinearMemory.create(this.plan.total.bytes, shared);
    this.ram = this.plan['test-ram'].offset;
    this.requests = this.plan['test-requests'].offset;
    this.gfns = Array.from({ length: pages }, (_, gfn) => gfn);
    this.lock = new MachineLock(this.memory, this.plan);
    this.views = mtViews(this.memory, this.plan, this.shape);
    new RangePlaces(this.views.places, rangesOf(this.shape)).cover(0, pages);
    const sink = {
      guestDirty: (v: number, g: number) => this.mt.guestDirty(v, g),
      hostDirty: (g: number) => this.mt.hostDirty(g),
      pmlAppended: (v: number, n: number) => this.mt.pmlAppended(v, n),
    };
    this.arming = new SyntheticArming(this.memory, this.plan, this.shape, sink, method);
    this.arming.backed.fill(1);
    this.mt = new MemoryTracking({
      memory: this.memory,
      plan: this.plan,
      shape: this.shape,
      lock: this.lock,
      arming: this.arming,
      pageCount: () => this.backed,
      now: () => 0,
      onTrigger: () => {
        this.triggers++;
      },
      external: () => ({ pmlFullExits: this.arming.calls.logFull }),
      views: options.wrapViews ? options.wrapViews(this.views) : this.views,
      ...(verify ? { verify: (gfn: number) => (this.arming.backed[gfn] ? this.page(gfn) : null) } : {}),
    });
    options.mistake?.(this.mt);
  }

  /** INIT and ENABLE, for tests that are not about them. */
  track(flags = 0, maxDirty = this.pages): this {
    this.mt.initMt({ op: 1, flags, maxDirty });
    this.mt.enableMt(1);
    return this;
  }

  page(gfn: number): Uint8Array {
    return this.memory.page(this.ram + gfn * PAGE_SIZE);
  }

  hostWrite(gfn: number, offset: number, value: number): void {
    this.lock.with(() => {
      this.mt.hostDirty(gfn);
      this.page(gfn)[offset] = value;
    });
    this.mt.settleWaiters();
  }

  /** One slice. Stops before the first store that a pending exit forbids. */
  slice(stores: readonly Store[]): { exit: MtExit | null; done: number } {
    this.mt.checkEntry();
    this.lock.acquire();
    this.lock.enterGuest();
    let done = 0;
    let exit = this.mt.pendingExit();
    try {
      while (exit === null && done < stores.length) {
        const step = this.mt.singleStep;
        const before = this.triggers;
        this.store(stores[done++]);
        this.mt.progressed();
        if (step || this.triggers > before) exit = this.exitPoint();
        if (this.lock.contended) this.lock.handOver();
      }
      exit ??= this.exitPoint();
    } finally {
      this.lock.leaveGuest();
      this.lock.release();
    }
    this.mt.settleWaiters();
    return { exit, done };
  }

  private exitPoint(): MtExit | null {
    for (let vcpu = 0; vcpu < this.vcpus; vcpu++) this.arming.drain(vcpu);
    return this.mt.pendingExit();
  }

  private store({ vcpu, gfn, offset = 0, value = 1 }: Store): void {
    this.duringSlice();
    // A vCPU whose turn ends has left guest mode: its log is drained, so that the next one's count starts from all entries.
    if (vcpu !== this.running) this.arming.drain(this.running);
    this.running = vcpu;
    this.arming.noticeStore(vcpu, gfn);
    this.page(gfn)[offset] = value;
  }

  stores(stores: readonly Store[]): MtExit | null {
    return this.slice(stores).exit;
  }

  writeMisses(): number {
    return this.arming.calls.misses;
  }

  fetchAll(rearm = false): number[] {
    return [...this.mt.fetchSublist({ count: 0x7fffffff, rearm }).gfns];
  }

  fetcherData(id: number): MtFetcherData {
    const requestWords = Array.from({ length: this.vcpus }, (_, v) => this.requests + 4 * v);
    return { memory: this.memory.memory, plan: this.plan, shape: this.shape, requestWords, id };
  }
}

/** The code of the KvmError that `action` throws, 'ok' if it returns. */
export function codeOf(action: () => unknown): string {
  try {
    action();
    return 'ok';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
