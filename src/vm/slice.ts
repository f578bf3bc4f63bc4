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
import type { RunReason } from '../cpu/run-loop.ts';
import type { DirtyLog } from '../dirty-log/dirty-log.ts';
import type { MemoryTracking } from '../mt/memory-tracking.ts';
import { VirtualClock } from './clock.ts';
import type { Exit, SliceOptions, SliceResult } from './exit.ts';
import { HostPace } from './host-pace.ts';
import type { MachineParts } from './machine-parts.ts';
import type { Turns } from './turns.ts';

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
  ) {}

  /** Ticks that the executing vCPU is ahead of the clock. */
  progress(): number {
    return this.running?.progress ?? 0;
  }

  /** EINVAL: a limit that is no count. EBUSY when called from within a slice, and between VM_QUIESCED and PREPARE. */
  run(limit: number, { idleUntil = Infinity, milliseconds = Infinity }: SliceOptions = {}): SliceResult {
    const { lock } = this.parts;
    if (!(limit >= 0)) throw new KvmError('EINVAL', `a limit of ${limit} instructions`);
    if (lock.guestMode > 0) throw new KvmError('EBUSY', 'a slice is running');
    this.mt.checkEntry();
    lock.acquire();
    lock.enterGuest();
    this.pace.begin(milliseconds);
    try {
      return this.loop(limit, idleUntil);
    } finally {
      lock.leaveGuest();
      lock.release();
      this.mt.settleWaiters();
    }
  }

  /** Forgets the kicks that are pending: whoever kicked is answered in another way. */
  dropKicks(): void {
    for (const { state } of this.parts.cpus) Atomics.and(state.request, 0, ~Request.KICK);
  }

  private loop(limit: number, idleUntil: number): SliceResult {
    let retired = 0;
    // An idle machine skips from deadline to deadline: that counts too, so that a slice always ends.
    let steps = 0;
    let isOver = false;
    for (;;) {
      const exit = this.pendingExit();
      if (exit) return this.result(exit, retired);
      if (retired >= limit || steps >= limit || isOver) return this.result({ kind: 'limit' }, retired);
      this.platform?.timeline.advance(this.clock.nanoseconds());
      if (!this.turns.seek((cpu) => cpu.state.activity[0] === Activity.HLT && eventDeliverable(cpu))) {
        const deadline = this.wakingDeadline();
        if (deadline === Infinity) return this.result(this.standstill(), retired);
        if (deadline > idleUntil) return { ...this.result({ kind: 'limit' }, retired), sleepsUntil: deadline };
        this.clock.ticks = Math.max(this.clock.ticks + 1, VirtualClock.ticksAt(deadline));
        steps++;
        isOver = this.pace.isOver(0);
        continue;
      }
      const ended = this.turn(this.budget(limit - retired));
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
  private budget(limit: number): number {
    // PREPARE promised one instruction although the exit is pending already.
    if (this.mt.singleStep) return 1;
    const deadline = this.platform ? VirtualClock.ticksAt(this.platform.timeline.deadline()) - this.clock.ticks : Infinity;
    return Math.max(1, Math.min(limit, this.turns.allowance, deadline, this.pace.budget, 2 ** 40));
  }

  /** The vCPU at hand runs; then the books are made up: time, turn, PML. */
  private turn(budget: number): { retired: number; exit: Exit | null } {
    const { cpu } = this.turns;
    this.last = cpu.index;
    // The caller came back, so an access that it was shown is answered.
    cpu.replay.answer();
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
    return sleeper ? platform.timeline.deadline() : Infinity;
  }
}

const shutdownOf = (cpu: Cpu): Exit => ({ kind: 'shutdown', chain: cpu.exceptionChain.map((fault) => ({ ...fault })) });
