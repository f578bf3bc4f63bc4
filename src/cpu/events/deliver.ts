// Delivery of events, with what follows when delivery itself faults: a second exception, a double fault, shutdown.

import { Request } from '../../base/request.ts';
import { Activity } from '../../base/state/vcpu.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import type { ChainedFault } from '../signals.ts';
import { EventType, Escalation, escalation, makeEvent } from './event.ts';
import type { Event } from './event.ts';
import { enterHandler } from './handler.ts';
import { isBetweenIterations } from '../interrupted-repeat.ts';

const CHAIN_LENGTH = 4;

/**
 * Delivers `event`, or what its delivery escalates to. Then cpu.rip is the handler's first instruction, or the activity state is
 * SHUTDOWN. Never throws. False: delivery reached a device that nobody claims (cpu.replay.pending); nothing has changed, and
 * Request.EXIT is set.
 */
export function deliverEvent(cpu: Cpu, event: Event): boolean {
  cpu.exceptionChain.length = 0;
  if (event.type === EventType.HARDWARE_EXCEPTION) {
    const { vector, errorCode } = event;
    note(cpu, { vector, errorCode, linear: vector === Vector.PF ? cpu.fault.linear : 0, rip: event.returnRip, delivering: null });
  }
  let current = isBetweenIterations(cpu) ? { ...event, setsRf: true } : event;
  for (;;) {
    const outcome = attempt(cpu, current);
    if (outcome === 'outside') {
      cpu.request(Request.EXIT);
      return false;
    }
    if (outcome === 'delivered') {
      cpu.exceptionChain.length = 0;
      cpu.state.activity[0] = Activity.ACTIVE;
      cpu.host.eventDelivered?.(cpu.index);
      return true;
    }
    const next = afterFault(cpu, current);
    if (next === null) {
      cpu.state.activity[0] = Activity.SHUTDOWN;
      cpu.host.eventDelivered?.(cpu.index);
      return true;
    }
    current = next;
  }
}

function attempt(cpu: Cpu, event: Event): 'delivered' | 'faulted' | 'outside' {
  try {
    const rip = enterHandler(cpu, event);
    cpu.rip = rip;
    cpu.nextRip = rip;
    return 'delivered';
  } catch (signal) {
    if (signal === cpu.faultSignal) return 'faulted';
    if (signal === cpu.exitSignal) return 'outside';
    throw signal;
  }
}

/**
 * What follows when the delivery of `first` raised cpu.fault: an event, or null for shutdown. The event returns to cpu.rip: where
 * `first` came up, or the start of the task that its delivery has switched to.
 */
function afterFault(cpu: Cpu, first: Event): Event | null {
  const { vector, errorCode, linear } = cpu.fault;
  note(cpu, { vector, errorCode, linear, rip: cpu.rip, delivering: first.vector });
  if (vector === Vector.PF) loadCr2(cpu, linear);
  const outcome = escalation(first, vector);
  if (outcome === Escalation.SHUTDOWN) return null;
  if (outcome === Escalation.DOUBLE_FAULT) return makeEvent(EventType.HARDWARE_EXCEPTION, Vector.DF, 0, cpu.rip);
  return makeEvent(EventType.HARDWARE_EXCEPTION, vector, errorCode, cpu.rip);
}

function note(cpu: Cpu, fault: ChainedFault): void {
  cpu.exceptionChain.push(fault);
  if (cpu.exceptionChain.length > CHAIN_LENGTH) cpu.exceptionChain.shift();
}

function loadCr2(cpu: Cpu, linear: number): void {
  cpu.state.cr2[0] = BigInt.asUintN(64, BigInt(linear));
}

/**
 * Delivers cpu.fault, which the instruction at cpu.rip raised. Never throws. When delivery waits for an answer from outside,
 * nothing has changed but Request.EXIT: the instruction is executed again and faults again.
 */
export const deliverFault = (cpu: Cpu): void => {
  const { vector, errorCode, linear } = cpu.fault;
  if (vector === Vector.PF) loadCr2(cpu, linear);
  cpu.suppressTrap = true;
  cpu.breakpointHits = 0;
  const done = deliverEvent(cpu, makeEvent(EventType.HARDWARE_EXCEPTION, vector, errorCode, cpu.rip));
  if (done && !cpu.replay.idle) cpu.replay.clear();
};
