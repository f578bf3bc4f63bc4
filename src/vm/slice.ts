// One slice: vCPUs run in turns until something must come back to the caller. Everything here happens at instruction
// boundaries, on the one thread that runs the vCPUs.

import { KvmError } from '../base/errors.ts';
import type { Platform } from '../base/platform.ts';
import { Request } from '../base/request.ts';
import { Activity } from '../base/state/vcpu.ts';
import type { Cpu } from '../cpu/cpu.ts';
import type { Engine } from '../cpu/engine.ts';
import { IF } from '../cpu/arch/rflags.ts';
import { eventDeliverable, runVcpu } from '../cpu/run-loop.ts';
import type { OutsideAccess } from '../cpu/replay.ts';
import type { RunReason } from '../cpu/run-loop.ts';
import type { DirtyLog } from '../dirty-log/dirty-log.ts';
import type { MemoryTracking } from '../mt/memory-tracking.ts';
import type { VirtualClock } from './clock.ts';
import type { BoardHost } from './cpu-host.ts';
import type { Exit, SliceResult, StopAt } from './exit.ts';
import { HostPace } from './host-pace.ts';
import type { Inputs } from './inputs.ts';
import { comparePositions } from './journal.ts';
import type { MachineParts } from './machine-parts.ts';
import { isWaiting } from './moment.ts';
import type { Turns } from './turns.ts';

interface SliceLimits {
  readonly idleUntil: number;
  readonly until: StopAt | null;
  readonly milliseconds: number;
}

/** Requests that this loop serves; the rest is the vCPU's own run loop's. */
const SERVED = Request.KICK | Request.MT | Request.EXIT | Request.YIELD | Request.DEADLINE;

export class SliceRunner {
  /** An exit that a board asked for. */
  requested: Exit | null = null;
  private running: Cpu | null = null;
  /** Index of the vCPU that executed last. */
  private last = 0;
  private readonly pace = new HostPace();

  constructor(
    private readonly parts: MachineParts,
    private readonly turns: Turns,
    private readonly engine: Engine,
    private readonly mt: MemoryTracking,
    private readonly dirtyLog: DirtyLog,
    private readonly clock: VirtualClock,
    private readonly platform: Platform | null,
    private readonly host: BoardHost,
    private readonly inputs: Inputs,
  ) {}

  /** Ticks that the executing vCPU is ahead of the clock. */
  progress(): number {
    return this.running?.progress ?? 0;
  }

  /** EINVAL: a limit that is no count. EBUSY when called from within a slice, and between VM_QUIESCED and PREPARE. */
  run(limit: number, { idleUntil = Infinity, until = null, milliseconds = Infinity }: Partial<SliceLimits> = {}): SliceResult {
    const { lock } = this.parts;
    if (lock.guestMode > 0) throw new KvmError('EBUSY', 'a slice is running');
    this.mt.checkEntry();
    lock.acquire();
    lock.enterGuest();
    this.host.stopAt = until?.waiting === false ? until : null;
    this.pace.begin(milliseconds);
    try {
      const result = this.loop(limit, { idleUntil, until });
      this.inputs.deliverWaiting();
      this.inputs.mark();
      return result;
    } finally {
      this.host.stopAt = null;
      lock.leaveGuest();
      lock.release();
      this.mt.settleWaiters();
    }
  }

  /** Forgets the kicks that are pending: whoever kicked is answered in another way. */
  dropKicks(): void {
    for (const { state } of this.parts.cpus) Atomics.and(state.request, 0, ~Request.KICK);
  }

  private loop(limit: number, { idleUntil, until }: Omit<SliceLimits, 'milliseconds'>): SliceResult {
    let retired = 0;
    // An idle machine skips from deadline to deadline: that counts too, so that a slice always ends.
    let steps = 0;
    let isOver = false;
    for (;;) {
      // First, so that the machine is the same whatever ends the slice here.
      this.platform?.timeline.advance(this.clock.nanoseconds());
      this.inputs.deliverWaiting();
      const exit = this.pendingExit();
      if (exit) return this.result(exit, retired);
      if (retired >= limit || steps >= limit || isOver) return this.result({ kind: 'limit' }, retired);
      const away = this.turns.away((cpu) => cpu.state.activity[0] === Activity.HLT && eventDeliverable(cpu));
      const deadline = away < 0 ? this.wakingDeadline() : 0;
      if (deadline === Infinity) return this.result(this.standstill(), retired);
      if (until && this.reached(until)) return this.result({ kind: 'limit' }, retired);
      if (away < 0) {
        const wakes = Math.max(this.clock.ticks + 1, this.clock.ticksAt(deadline));
        if (deadline > idleUntil || (until && wakes > until.ticks)) {
          return { ...this.result({ kind: 'limit' }, retired), sleepsUntil: deadline };
        }
        this.clock.ticks = wakes;
        steps++;
        isOver = this.pace.isOver(0);
        continue;
      }
      for (let n = 0; n < away; n++) this.turns.pass();
      const ended = this.turn(this.budget(limit - retired, until));
      retired += ended.retired;
      steps += Math.max(1, ended.retired);
      if (ended.exit) return this.result(ended.exit, retired);
      isOver = this.pace.isOver(ended.retired);
    }
  }

  private result(exit: Exit, retired: number): SliceResult {
    const vcpu = this.last;
    this.turns.cpu.trace.on?.('exit', { vcpu, kind: exit.kind });
    return { vcpu, exit, retired };
  }

  /** Instructions until the next moment at which this loop must look again. */
  private budget(limit: number, until: StopAt | null): number {
    // PREPARE promised one instruction although the exit is pending already.
    if (this.mt.singleStep) return 1;
    const deadline = this.platform ? this.clock.ticksAt(this.platform.timeline.deadline()) - this.clock.ticks : Infinity;
    const stop = until ? until.ticks - this.clock.ticks : Infinity;
    return Math.max(1, Math.min(limit, this.turns.allowance, deadline, stop, this.pace.budget, 2 ** 40));
  }

  private reached(until: StopAt): boolean {
    const order = comparePositions(this.clock, until);
    return order > 0 || (order === 0 && (!until.waiting || isWaiting(this.parts.cpus)));
  }

  /** The vCPU at hand runs; then the books are made up: time, PML, turn. */
  private turn(budget: number): { retired: number; exit: Exit | null } {
    const { cpu } = this.turns;
    this.last = cpu.index;
    // The caller came back, so an access that it was shown is answered.
    if (cpu.replay.pending) this.answer(cpu, cpu.replay.pending);
    else cpu.replay.answer();
    const before = cpu.state.retired[0];
    let reason: RunReason = 'limit';
    this.running = cpu;
    try {
      reason = runVcpu(cpu, this.engine, budget).reason;
    } finally {
      this.running = null;
      this.account(cpu, Number(cpu.state.retired[0] - before));
    }
    return { retired: Number(cpu.state.retired[0] - before), exit: this.exitOf(cpu, reason) };
  }

  private answer({ index, replay }: Cpu, { value }: OutsideAccess): void {
    this.inputs.takeHere(
      () => ({ kind: 'answer', vcpu: index, value }),
      () => replay.answer(),
    );
  }

  private account(cpu: Cpu, retired: number): void {
    this.clock.ticks += retired;
    this.collectLog(cpu);
    if (retired > 0) this.mt.progressed();
    this.turns.used(retired);
  }

  /** First thing at every exit (SDM vol. 3, "Page-Modification Logging"). */
  collectLog(cpu: Cpu): void {
    if (this.parts.hub.enabled) this.parts.hub.drain(cpu.index);
  }

  private exitOf(cpu: Cpu, reason: RunReason): Exit | null {
    switch (reason) {
      case 'shutdown':
        return shutdownOf(cpu);
      case 'outside-access': {
        const access = cpu.replay.pending!;
        return { kind: access.kind, access };
      }
      default:
        return null;
    }
  }

  /** Serves the requests that reached any vCPU. */
  private pendingExit(): Exit | null {
    let bits = 0;
    for (const cpu of this.parts.cpus) bits |= Atomics.and(cpu.state.request, 0, ~(SERVED & ~Request.KICK));
    if (bits & Request.YIELD || this.parts.lock.contended) {
      this.parts.lock.handOver();
      this.parts.hub.deliverOwed();
    }
    const { requested } = this;
    if (requested) {
      this.requested = null;
      return requested;
    }
    if (bits & Request.KICK) {
      this.dropKicks();
      return { kind: 'interrupted' };
    }
    return this.mt.pendingExit() ?? this.dirtyLog.pendingExit();
  }

  /** Nothing will run any more: the exit to return, however often it is asked for. */
  private standstill(): Exit {
    const down = this.parts.cpus.find(({ state }) => state.activity[0] === Activity.SHUTDOWN);
    return down ? shutdownOf(down) : { kind: 'hlt' };
  }

  /** All vCPUs sleep: when time may jump to, in ns. Infinity when there is none that a device can wake. */
  private wakingDeadline(): number {
    const { platform } = this;
    if (!platform) return Infinity;
    const sleeper = this.parts.cpus.some(
      ({ state, index }) => state.activity[0] === Activity.HLT && (state.rflags[0] & IF) !== 0 && platform.canInterrupt(index),
    );
    if (!sleeper) return Infinity;
    return platform.timeline.wakingDeadline?.() ?? platform.timeline.deadline();
  }
}

const shutdownOf = (cpu: Cpu): Exit => ({ kind: 'shutdown', chain: cpu.exceptionChain.map((fault) => ({ ...fault })) });
