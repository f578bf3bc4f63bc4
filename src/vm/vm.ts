// The machine, as a KVM VM file descriptor with its vCPUs: memslots, ioctls, running, saving. Two of them in one process do
// not know of each other.

import { requireCount } from '../base/arguments.ts';
import type { StateValue } from '../base/device.ts';
import { KvmError } from '../base/errors.ts';
import { OneLine, counted, sizeText } from '../base/inspect.ts';
import { INTERNALS } from '../base/internals.ts';
import type { IoctlBuffer } from '../base/ioctl.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import type { Platform } from '../base/platform.ts';
import { Request } from '../base/request.ts';
import type { Trace } from '../base/trace.ts';
import type { Engine } from '../cpu/engine.ts';
import { DirtyLog } from '../dirty-log/dirty-log.ts';
import type { HubConsumer } from '../mmu/hub-consumer.ts';
import type { OutsideAccess } from '../cpu/replay.ts';
import type { Memslot, MemslotRequest } from '../mmu/memslots.ts';
import { PML_ENTRIES } from '../mmu/pml.ts';
import { sumOfCounters } from '../mmu/second-level.ts';
import type { MmuCounters } from '../mmu/second-level.ts';
import { ListHandles } from '../mt/handles.ts';
import { isMtRequest, mtIoctlAsync } from '../mt/ioctl.ts';
import { MemoryTracking } from '../mt/memory-tracking.ts';
import { checkConfig, checkExit, checkRange, checkRegion, checkRun, checkSignal, checkSlice, checkWrite } from './check-arguments.ts';
import { VirtualClock } from './clock.ts';
import type { VmConfig } from './config.ts';
import { DEFAULT_QUANTUM } from './config.ts';
import { CoreRecorder } from './core-capture.ts';
import type { CoreCapture } from './core-capture.ts';
import { CallingVcpu } from './calling-vcpu.ts';
import { BoardHost } from './cpu-host.ts';
import { deviceMemory } from './device-memory.ts';
import { buildEngine } from './engines.ts';
import type { Exit, SliceOptions, SliceResult } from './exit.ts';
import type { FetcherSeed } from './fetcher-seed.ts';
import { vmIoctl } from './ioctl.ts';
import { Inputs } from './inputs.ts';
import type { Journal, Moment } from './journal.ts';
import { buildParts, pageReader, requestWords } from './machine-parts.ts';
import type { MachineParts, VmInternals } from './machine-parts.ts';
import { restoreMachine, saveBlocks } from './save.ts';
import type { VmCore, VmState } from './save.ts';
import { SliceRunner } from './slice.ts';
import { Turns } from './turns.ts';
import { requireStopped, Vcpu } from './vcpu.ts';
import { yieldToHost } from './yield-to-host.ts';

/** Milliseconds between two returns of `run` to the host's event loop. */
const RUN_SLICE = 5;

/** A machine: RAM, vCPUs and, with a board, devices, all in one WebAssembly memory. Two machines know nothing of each other. */
export class Vm extends OneLine {
  /** Memory tracking: the seven ioctls as methods. */
  readonly mt: MemoryTracking;
  /** KVM's own two dirty-page interfaces: the bitmap and the ring. */
  readonly dirtyLog: DirtyLog;
  /** By index. */
  readonly vcpus: readonly Vcpu[];
  /** The board; null for a machine without one. */
  readonly platform: Platform | null;
  /** Where a listener for what happens in the machine is put. */
  readonly trace: Trace = { on: null };
  /** Buffers that the raw face's `gfnlist` may name. */
  readonly lists = new ListHandles();
  /** Virtual time. */
  readonly clock: VirtualClock;
  readonly #engine: Engine;
  readonly #parts: MachineParts;
  /** The consumer of dirty pages that `mt` is. */
  readonly #tracker: HubConsumer;
  readonly #inputs: Inputs;
  readonly #turns: Turns;
  readonly #slices: SliceRunner;
  readonly #recorder: CoreRecorder;
  /** Times the vCPUs were asked to leave guest mode, by the API, the trigger or a full list. */
  #kicks = 0;

  /** InputError or KvmError EINVAL for a configuration that makes no machine. */
  constructor(readonly config: VmConfig) {
    super();
    checkConfig(config);
    this.clock = new VirtualClock(() => this.#slices?.progress() ?? 0, config.nsPerTick);
    const floats = (config.unclaimed ?? (config.platform ? 'float' : 'exit')) === 'float';
    const host = new BoardHost(this.clock, floats, (vcpu, bits) => parts.cpus[vcpu]!.request(bits), this.trace);
    const parts = buildParts(config, host, this.trace);
    this.#parts = parts;
    this.#inputs = new Inputs({
      cpus: parts.cpus,
      lock: parts.lock,
      clock: this.clock,
      deliver: (device, data) => this.platform?.input?.(device, data) ?? 0,
      requestBoundary: () => this.requestAll(Request.DEADLINE),
    });
    this.vcpus = parts.cpus.map((cpu) => new Vcpu(cpu, parts.lock, this.#inputs));
    this.#engine = buildEngine(config.engine ?? 'auto', parts);
    this.#tracker = parts.hub.register();
    this.mt = this.buildTracking();
    this.#tracker.connect(this.mt, {
      onSlotAdded: ({ gfn, count }) => this.mt.slotAdded(gfn, count),
      onSlotDeleted: ({ gfn, count }) => this.mt.slotDeleted(gfn, count),
      onSlotFlagged() {},
    });
    this.dirtyLog = this.buildDirtyLog();
    this.wirePhysical();
    this.platform =
      config.platform?.({
        memory: deviceMemory(parts),
        now: () => this.clock.nanoseconds(),
        interruptChanged: (vcpu) => parts.cpus[vcpu]!.request(Request.EVENT),
        input: (device, data) => this.input(device, data),
        deadlineChanged: () => this.requestAll(Request.DEADLINE),
        a20Changed: (open) => {
          parts.physical.setA20(open);
          this.trace.on?.('a20', { open });
          // Translated code that is executing goes on only after it has been looked up anew.
          this.requestAll(Request.CODE);
        },
      }) ?? null;
    host.platform = this.platform;
    this.#turns = new Turns(parts.cpus, config.quantum ?? DEFAULT_QUANTUM);
    this.#recorder = new CoreRecorder(parts, this.#turns, this.clock);
    this.#slices = new SliceRunner(parts, this.#turns, this.#engine, this.mt, this.dirtyLog, this.clock, this.platform, host, this.#inputs);
    config.wrap?.({ parts, mt: this.mt, slices: this.#slices });
  }

  private buildTracking(): MemoryTracking {
    const { config } = this;
    const parts = this.#parts;
    return new MemoryTracking({
      memory: parts.memory,
      plan: parts.plan,
      shape: parts.shape,
      lock: parts.lock,
      arming: this.#tracker,
      pageCount: () => this.pageCount,
      onTrigger: () => {
        this.#kicks++;
        this.requestAll(Request.MT);
      },
      external: () => ({ ...this.counters(), kicks: this.#kicks }),
      trace: this.trace,
      ...(config.verify ? { verify: pageReader(parts) } : {}),
    });
  }

  private buildDirtyLog(): DirtyLog {
    const { hub, lock, shape, memory } = this.#parts;
    const { method } = hub.tracking;
    const arming = hub.register();
    const log = new DirtyLog({
      vcpus: shape.vcpus,
      lock,
      arming,
      supported: method !== 'none',
      hardwareLog: method === 'pml' ? PML_ENTRIES : 0,
      shared: memory.shared,
      onRingFull: () => this.requestAll(Request.MT),
    });
    arming.connect(log, log);
    return log;
  }

  private wirePhysical(): void {
    const { physical } = this.#parts;
    physical.codeListener = {
      codeWritten: (gfn, from, to) => {
        this.#engine.invalidate(gfn, from, to);
        this.trace.on?.('code-invalidated', { gfn, offset: from, bytes: to - from });
        this.requestAll(Request.CODE);
      },
      codeForgotten: () => this.#engine.forget(),
    };
  }

  private requestAll(bits: number): void {
    for (const cpu of this.#parts.cpus) cpu.request(bits);
  }

  /** Pages of all memslots. */
  get pageCount(): number {
    return this.#parts.physical.memslots.reduce((sum, slot) => sum + slot.memorySize / PAGE_SIZE, 0);
  }

  /** By ascending guest-physical address. */
  get memslots(): readonly Memslot[] {
    return this.#parts.physical.memslots;
  }

  /**
   * KVM_SET_USER_MEMORY_REGION: adds zeroed RAM, deletes a slot (memorySize 0), or changes `logDirty` of a slot that is there.
   * KvmError EINVAL, EEXIST, ENOMEM; ENXIO: `logDirty` without a tracking method; EBUSY from within a slice.
   */
  setUserMemoryRegion(request: MemslotRequest): void {
    checkRegion(request);
    if (request.logDirty) this.dirtyLog.requireSupported();
    this.#parts.lock.with(() => {
      const { lock, physical } = this.#parts;
      requireStopped(lock);
      // Whether a slot is logged is nothing that the guest could see, and so no input.
      if (physical.hasMemslot(request)) return void physical.setMemslot(request);
      this.#inputs.take(
        () => ({ kind: 'memslot', request: { ...request } }),
        () => {
          if (request.memorySize === 0) physical.deleteMemslot(request.slot);
          else physical.setMemslot(request);
        },
      );
    });
  }

  /** A copy of guest-physical memory. KvmError EFAULT where there is no RAM. */
  readMemory(gpa: number, length: number): Uint8Array {
    checkRange(gpa, length);
    return this.#parts.lock.with(() => this.#parts.physical.readHost(gpa, length));
  }

  /** A host-side write: every consumer of dirty pages hears of it. KvmError EFAULT, before anything is written, where there is no RAM. */
  writeMemory(gpa: number, bytes: Uint8Array): void {
    checkWrite(gpa, bytes);
    this.#parts.lock.with(() =>
      this.#inputs.take(
        () => ({ kind: 'memory', gpa, bytes: new Uint8Array(bytes) }),
        () => this.#parts.physical.writeHost(gpa, bytes),
      ),
    );
  }

  /** The live bytes of page `gfn` for reading, null where there is no RAM. Valid until the machine runs again. */
  page(gfn: number): Uint8Array | null {
    requireCount('gfn', gfn);
    return pageReader(this.#parts)(gfn);
  }

  /**
   * Runs for at most `limit` retired instructions, over all vCPUs, and returns why it came back. Synchronous. EINVAL: a limit
   * that is no count. EBUSY between VM_QUIESCED and PREPARE, and from within a slice. What a board's outputs throw passes
   * through: the instruction that reached the device has not retired then, and is executed again.
   */
  runSlice(limit: number = Infinity, options: SliceOptions = {}): SliceResult {
    checkSlice(limit, options);
    return this.#slices.run(limit, options);
  }

  /**
   * Runs until something other than a limit comes up, or `limit` retired instructions; yields to the host's event loop
   * between slices, so that timers, waiting fetches and aborts make progress. An aborted `signal` gives exit `interrupted`.
   */
  async run(options: { readonly signal?: AbortSignal; readonly limit?: number } = {}): Promise<SliceResult> {
    checkRun(options);
    const { signal, limit = Infinity } = options;
    const kick = (): void => this.kick();
    signal?.addEventListener('abort', kick, { once: true });
    try {
      let retired = 0;
      for (;;) {
        if (signal?.aborted) return this.aborted(retired);
        const result = this.runSlice(limit - retired, { milliseconds: RUN_SLICE });
        retired += result.retired;
        if (result.exit.kind !== 'limit' || retired >= limit) return { ...result, retired };
        await yieldToHost();
      }
    } finally {
      signal?.removeEventListener('abort', kick);
    }
  }

  /** The exit of a run whose signal was aborted between slices. The kick that this made is answered by it. */
  private aborted(retired: number): SliceResult {
    this.#slices.dropKicks();
    return { vcpu: this.#turns.cpu.index, exit: { kind: 'interrupted' }, retired };
  }

  /** Makes the slice that runs, or the next one, return with exit `interrupted` at the next instruction boundary. */
  kick(): void {
    this.#kicks++;
    this.requestAll(Request.KICK);
  }

  /** Makes the running slice return with `exit` at the next instruction boundary: for boards. */
  exitWith(exit: Exit): void {
    checkExit(exit);
    this.#slices.requested = exit;
    this.requestAll(Request.EXIT);
  }

  /**
   * Something from outside for a device of the platform: what is typed, a packet. It takes effect at once; from within a slice, at
   * the boundary after the instruction that runs. Returns how much of it was taken. From within a slice that is all of it, and what
   * the device has no room for is lost. InputError: no such device, or nothing that it takes.
   */
  input(device: string, data: StateValue): number {
    return this.#inputs.forDevice(device, data);
  }

  /** The present moment, between two slices: what journals name positions by. */
  get moment(): Moment {
    return this.#inputs.now();
  }

  /** The access with which vCPU `index` left the machine, until it is answered. */
  pendingAccess(index: number): OutsideAccess | null {
    return this.#parts.cpus[index]?.replay.pending ?? null;
  }

  /**
   * Records every input from now on, until the journal is stopped. With `Replay`, a machine that is as this one is now then runs as
   * this one does. KvmError EBUSY from within a slice, and while a journal is being recorded already.
   */
  record(): Journal {
    requireStopped(this.#parts.lock);
    return this.#inputs.record();
  }

  /**
   * One ioctl of the raw face: 0 (KVM_CHECK_EXTENSION and KVM_RESET_DIRTY_RINGS: a number) or a negative errno. `argument` is the
   * struct; for KVM_CHECK_EXTENSION the capability's number.
   */
  ioctl(request: number, argument: IoctlBuffer | number = null): number {
    return vmIoctl(this, request, argument);
  }

  /** The same; a SUBLIST_FETCH with WAIT waits without blocking the thread. */
  async ioctlAsync(request: number, buffer: IoctlBuffer = null, signal?: AbortSignal): Promise<number> {
    if (signal !== undefined) checkSignal('signal', signal);
    if (!isMtRequest(request)) return this.ioctl(request, buffer);
    return mtIoctlAsync(this.mt, this.lists, request, buffer, signal);
  }

  /** What `attachFetcher` needs on a worker thread. KvmError EINVAL unless the machine was created with `threads`. */
  fetcherSeed(): FetcherSeed {
    const { memory, plan, shape, hub } = this.#parts;
    if (!memory.shared) throw new KvmError('EINVAL', 'fetchers on other threads need a machine created with threads: true');
    return {
      memory: memory.memory,
      plan,
      shape,
      requestWords: requestWords(plan, shape),
      method: hub.tracking.method,
      consumer: this.#tracker.id,
    };
  }

  /** Sums over all vCPUs. */
  counters(): MmuCounters {
    return sumOfCounters(this.#parts.cpus);
  }

  /** Instructions retired by all vCPUs. */
  get retired(): bigint {
    return this.#parts.cpus.reduce((sum, cpu) => sum + cpu.state.retired[0], 0n);
  }

  /**
   * Everything but RAM, as plain data and bytes. The TLBs are part of it: their contents are visible to the guest. At an `io` or `mmio`
   * exit it is the state before that access, which the restored machine raises again. EBUSY from within a slice.
   */
  save(): VmState {
    return { ...this.saveCore(), blocks: saveBlocks(this.platform) };
  }

  /** @internal The same without what devices keep as blocks: for whoever tracks what changes of them (`platform.blocks`). */
  saveCore(): VmCore {
    return this.captureCore().decode();
  }

  /** @internal The same as bytes, valid until the next capture. */
  captureCore(): CoreCapture {
    requireStopped(this.#parts.lock);
    return this.#recorder.capture(this.platform);
  }

  /**
   * Restores what `save` gave on a machine of the same configuration. RAM must have been restored before. InputError, and
   * nothing changes, if it is no such state. EBUSY from within a slice, and while a journal is recorded: no input leads to that state.
   */
  restore(state: VmState): void {
    requireStopped(this.#parts.lock);
    if (this.#inputs.journal !== null) throw new KvmError('EBUSY', 'a journal is being recorded: stop it before restoring');
    restoreMachine(state, () => this.save(), this.#parts, this.#turns, this.clock, this.platform);
    this.requestAll(Request.EVENT);
  }

  override toString(): string {
    const { memory, tracking = 'none' } = this.config;
    const [vcpus, retired] = [counted(this.vcpus.length, 'vCPU'), counted(this.retired, 'instruction')];
    return `Vm { ${sizeText(memory)}, ${vcpus}, tracking ${tracking}, ${retired} }`;
  }

  /** @internal vCPU `index` in the middle of an access: for a platform that serves the accessing instruction. */
  calling(index: number): CallingVcpu {
    return new CallingVcpu(this.#parts.cpus[index]!);
  }

  /** @internal */
  get [INTERNALS](): VmInternals {
    const parts = this.#parts;
    return { memory: parts.memory, cpus: parts.cpus, parts, engine: this.#engine };
  }
}
