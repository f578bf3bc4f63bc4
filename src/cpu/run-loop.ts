// What happens between instructions: pending events are delivered, interrupt shadows and single steps observed. An engine runs the
// rest of the time. Priorities: SDM vol. 3, "Prioritization of Concurrent Events".

import { Request } from '../base/request.ts';
import { Activity } from '../base/state/vcpu.ts';
import { instructionBreakpoints } from './breakpoints.ts';
import type { Cpu } from './cpu.ts';
import type { Engine } from './engine.ts';
import { deliverEvent } from './events/deliver.ts';
import { EventType, makeEvent } from './events/event.ts';
import type { Event } from './events/event.ts';
import { deliveryBegun, dropQueuedEvent, hasQueuedEvent, markDeliveryBegun, queueEvent, queuedEvent } from './events/inject.ts';
import { IF, RF, TF } from './arch/rflags.ts';
import { clearIterationsLeft, isBetweenIterations, noteIterationsLeft } from './interrupted-repeat.ts';
import { Vector } from './arch/vectors.ts';
import { DR6, noteDebugException } from './system/debug-registers.ts';
import { Blocking } from './system/segments.ts';
import { virtualInterruptDue } from './system/virtual-interrupts.ts';

/**
 * Why a run ended. `limit`: so many instructions retired, or events are delivered without end. `halted`: HLT, or waiting for a
 * startup IPI, with nothing that wakes it. `request`: the request word has bits that are the caller's (all but EVENT and CODE);
 * they are still set. `outside-access`: cpu.replay.pending waits for an answer; Request.EXIT is still set.
 */
export type RunReason = 'limit' | 'halted' | 'shutdown' | 'request' | 'outside-access';

/** Requests served here. */
const OWN = Request.EVENT | Request.CODE;
const SHADOW = Blocking.STI | Blocking.MOV_SS;
/** Bits of `interruptibility`, above those of the VMCS's field: B3 to B0 of what a MOV SS met, while it blocks. */
const HELD_SHIFT = 24;
const HELD = 15 << HELD_SHIFT;
/**
 * After so many boundaries in a row without a retired instruction the run ends. An interrupt line that stays up, through a gate
 * that leaves IF set, is delivered again and again without an instruction in between.
 */
const BARREN_LIMIT = 256;

/**
 * Runs `cpu` for at most `limit` instructions. Delivering an event retires nothing. What the host's side of a device throws
 * passes through: then the instruction that reached the device has not been executed, and the vCPU is out of guest mode.
 */
export function runVcpu(cpu: Cpu, engine: Engine, limit: number): { retired: number; reason: RunReason } {
  cpu.enterGuest();
  cpu.breakpointHits = 0;
  let retired = 0;
  let barren = 0;
  try {
    for (;;) {
      const reason = stopReason(cpu, limit - retired);
      if (reason !== null) return { retired, reason };
      const between = isBetweenIterations(cpu);
      if (between) clearIterationsLeft(cpu);
      const ran = mustStep(cpu) ? step(cpu, engine) : engine.run(cpu, limit - retired);
      retired += ran;
      // Nothing happened: the boundary is still the same.
      if (between && ran === 0 && cpu.replay.pending !== null) noteIterationsLeft(cpu);
      barren = ran === 0 ? barren + 1 : 0;
      if (barren === BARREN_LIMIT) return { retired, reason: 'limit' };
    }
  } finally {
    // Nothing, unless an engine was left by a throw.
    cpu.leaveGuest(retired + cpu.stopEngine());
  }
}

/** Whether an event that is pending can be delivered at this boundary: what ends HLT. */
export function eventDeliverable(cpu: Cpu): boolean {
  const { injected, pendingNmi } = cpu.state;
  if (injected[0] !== 0 && (queuedEvent(cpu)?.type !== EventType.EXTERNAL_INTERRUPT || interruptsOpen(cpu))) return true;
  return (pendingNmi[0] !== 0 && nmisOpen(cpu)) || (interruptsOpen(cpu) && cpu.host.interruptPending(cpu.index));
}

const interruptsOpen = ({ state }: Cpu): boolean => (state.rflags[0] & IF) !== 0 && (state.interruptibility[0] & SHADOW) === 0;

/** SDM vol. 3, "Masking Exceptions and Interrupts When Switching Stacks": MOV SS blocks NMIs too. */
const nmisOpen = ({ state }: Cpu): boolean => (state.interruptibility[0] & (Blocking.NMI | Blocking.MOV_SS)) === 0;

/** Serves requests and delivers what is pending. Returns why the run ends here, or null if an instruction is to be executed. */
function stopReason(cpu: Cpu, left: number): RunReason | null {
  const { request, activity } = cpu.state;
  if (cpu.replay.pending !== null) return 'outside-access';
  if (request[0] !== 0 && (Atomics.and(request, 0, ~OWN) & ~OWN) !== 0) return 'request';
  if (activity[0] === Activity.SHUTDOWN) return 'shutdown';
  if (left <= 0) return 'limit';
  if (activity[0] === Activity.WAIT_FOR_SIPI) return 'halted';
  if (!deliverPending(cpu)) return 'outside-access';
  if (activity[0] === Activity.SHUTDOWN) return 'shutdown';
  return activity[0] === Activity.HLT ? 'halted' : null;
}

/** Delivers at most one event. False when its delivery waits for an answer from outside; the event is queued then. */
function deliverPending(cpu: Cpu): boolean {
  const { pendingNmi } = cpu.state;
  const open = interruptsOpen(cpu);
  // An instruction that was left half way for an outside access is finished first: the answers in cpu.replay are its own.
  if (!cpu.replay.idle && !deliveryBegun(cpu)) return true;
  const queued = queuedEvent(cpu);
  if (queued !== null && (queued.type !== EventType.EXTERNAL_INTERRUPT || open)) return deliverQueued(cpu, queued);
  if (pendingNmi[0] !== 0 && nmisOpen(cpu)) {
    pendingNmi[0] = 0;
    return deliverOrQueue(cpu, EventType.NMI, Vector.NMI);
  }
  if (open && cpu.host.interruptPending(cpu.index)) {
    return deliverOrQueue(cpu, EventType.EXTERNAL_INTERRUPT, cpu.host.acknowledgeInterrupt(cpu.index));
  }
  return true;
}

function deliverQueued(cpu: Cpu, event: Event): boolean {
  cpu.replay.forget();
  if (!deliverEvent(cpu, event)) {
    markDeliveryBegun(cpu);
    return false;
  }
  dropQueuedEvent(cpu);
  clearReplay(cpu);
  return true;
}

function deliverOrQueue(cpu: Cpu, type: EventType, vector: number, trap = false, errorCode: number | null = null): boolean {
  cpu.replay.forget();
  if (deliverEvent(cpu, makeEvent(type, vector, errorCode, cpu.rip, trap))) return true;
  if (!hasQueuedEvent(cpu)) {
    queueEvent(cpu, { type, vector, errorCode, trap });
    markDeliveryBegun(cpu);
  }
  return false;
}

function clearReplay(cpu: Cpu): void {
  if (!cpu.replay.idle) cpu.replay.clear();
}

/** Whether the next instruction needs a look before and after it: a shadow, TF, RF, VIF with VIP, breakpoints, replayed answers. */
function mustStep(cpu: Cpu): boolean {
  const { interruptibility, rflags } = cpu.state;
  return (
    (interruptibility[0] & (SHADOW | HELD)) !== 0 ||
    (rflags[0] & (TF | RF)) !== 0 ||
    cpu.breakpoints ||
    !cpu.replay.idle ||
    virtualInterruptDue(cpu)
  );
}

/** Executes one instruction, then ends the shadow and RF that it ran under and takes the single-step trap. Returns what retired. */
function step(cpu: Cpu, engine: Engine): number {
  // The frame of an event that was just delivered met a breakpoint.
  if (cpu.breakpointHits !== 0) {
    debugTrap(cpu, false);
    return 0;
  }
  if (cpu.replay.idle && virtualInterruptDue(cpu)) {
    cpu.suppressTrap = true;
    deliverOrQueue(cpu, EventType.HARDWARE_EXCEPTION, Vector.GP, false, 0);
    return 0;
  }
  const { interruptibility, rflags } = cpu.state;
  const shadow = interruptibility[0] & (SHADOW | HELD);
  const flags = rflags[0];
  // They are taken away before, so that what the instruction itself sets is seen.
  interruptibility[0] &= ~shadow;
  rflags[0] &= ~RF;
  cpu.suppressTrap = false;
  if (cpu.breakpoints && !(flags & RF) && !(shadow & Blocking.MOV_SS) && cpu.replay.idle && breakHere(cpu)) return 0;
  const retired = engine.run(cpu, 1);
  // Delivering a fault sets suppressTrap; without that, nothing retired means that nothing happened.
  const faulted = cpu.suppressTrap;
  if (cpu.replay.pending !== null || (retired === 0 && !faulted)) {
    interruptibility[0] |= shadow;
    rflags[0] |= flags & RF;
    cpu.breakpointHits = 0;
    return retired;
  }
  clearReplay(cpu);
  // SDM vol. 3, "Instruction-Breakpoint Exception Condition": RF stays set until the last iteration is over.
  if (flags & RF && cpu.breakpoints && isBetweenIterations(cpu)) rflags[0] |= RF;
  const stepped = (flags & TF) !== 0 && !cpu.suppressTrap;
  cpu.breakpointHits |= shadow >>> HELD_SHIFT;
  if (stepped || cpu.breakpointHits !== 0) debugTrap(cpu, stepped);
  return retired;
}

/**
 * Delivers #DB before the instruction at cpu.rip if an instruction breakpoint is there. It is a fault, but RF is pushed as it is:
 * the handler sets RF in the image to go on past the breakpoint (SDM vol. 3, "Instruction-Breakpoint Exception Condition").
 */
function breakHere(cpu: Cpu): boolean {
  const hits = instructionBreakpoints(cpu);
  if (hits === 0) return false;
  noteDebugException(cpu, BigInt(hits));
  cpu.suppressTrap = true;
  deliverOrQueue(cpu, EventType.HARDWARE_EXCEPTION, Vector.DB, true);
  cpu.breakpointHits = 0;
  return true;
}

/**
 * SDM vol. 3, "Single-Step Exception Condition", "Data Memory and I/O Breakpoint Exception Conditions". After MOV SS nothing traps:
 * its single step is lost, and breakpoints that it met wait for the end of the next instruction ("Masking Exceptions and Interrupts
 * When Switching Stacks").
 */
function debugTrap(cpu: Cpu, stepped: boolean): void {
  const { interruptibility, request } = cpu.state;
  const hits = cpu.breakpointHits;
  cpu.breakpointHits = 0;
  if (interruptibility[0] & Blocking.MOV_SS) {
    interruptibility[0] |= hits << HELD_SHIFT;
    return;
  }
  noteDebugException(cpu, BigInt(hits) | (stepped ? DR6.BS : 0n));
  // An exit that is due right after the instruction comes before the trap, which waits for the next entry.
  const leaves = (Atomics.load(request, 0) & ~OWN) !== 0 || cpu.host.stopsHere?.() === true;
  if (leaves && !hasQueuedEvent(cpu)) {
    queueEvent(cpu, { type: EventType.HARDWARE_EXCEPTION, vector: Vector.DB, errorCode: null, trap: true });
  } else {
    deliverOrQueue(cpu, EventType.HARDWARE_EXCEPTION, Vector.DB, true);
    // Breakpoints that the handler's own frame met are not reported.
    cpu.breakpointHits = 0;
  }
}
