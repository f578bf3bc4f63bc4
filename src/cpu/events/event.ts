// What can be delivered through the IDT, by the VMCS's interruption types (SDM vol. 3, "VM-Entry Controls for Event
// Injection"), and what a second exception during delivery makes of the first.

import { Vector } from '../arch/vectors.ts';

export const EventType = {
  EXTERNAL_INTERRUPT: 0,
  NMI: 2,
  HARDWARE_EXCEPTION: 3,
  SOFTWARE_INTERRUPT: 4,
  PRIVILEGED_SOFTWARE_EXCEPTION: 5,
  SOFTWARE_EXCEPTION: 6,
} as const;
export type EventType = (typeof EventType)[keyof typeof EventType];

export interface Event {
  readonly type: EventType;
  readonly vector: number;
  readonly errorCode: number | null;
  /** RIP to push: of the instruction for a fault, of the next one otherwise. */
  readonly returnRip: number;
  /** RF is pushed as 1. */
  readonly setsRf: boolean;
}

/** `trap`: RF is pushed as it is. Only #DB asks for it, after its instruction or by an instruction breakpoint. */
export function makeEvent(type: EventType, vector: number, errorCode: number | null, returnRip: number, trap = false): Event {
  return { type, vector, errorCode, returnRip, setsRf: type === EventType.HARDWARE_EXCEPTION && !trap && isFaultClass(vector) };
}

/** SDM vol. 3, "Exception and Interrupt Reference": double fault and machine check are aborts, not faults. */
const isFaultClass = (vector: number): boolean => vector !== Vector.DF && vector !== Vector.MC && vector !== Vector.NMI;

/** INT n, INT3 and INTO: the gate's DPL is checked, and EXT in error codes is 0. */
export const isSoftware = (type: EventType): boolean => type === EventType.SOFTWARE_INTERRUPT || type === EventType.SOFTWARE_EXCEPTION;

export const isException = (type: EventType): boolean =>
  type === EventType.HARDWARE_EXCEPTION || type === EventType.SOFTWARE_EXCEPTION || type === EventType.PRIVILEGED_SOFTWARE_EXCEPTION;

const CONTRIBUTORY: ReadonlySet<number> = new Set([Vector.DE, Vector.TS, Vector.NP, Vector.SS, Vector.GP]);

export const Escalation = { SERIAL: 0, DOUBLE_FAULT: 1, SHUTDOWN: 2 } as const;
export type Escalation = (typeof Escalation)[keyof typeof Escalation];

/**
 * SDM vol. 3, "Conditions for Generating a Double Fault": what an exception `second` during the delivery of `first` leads to.
 * Interrupts and software exceptions are benign whatever their vector.
 */
export function escalation(first: Event, second: number): Escalation {
  if (first.type !== EventType.HARDWARE_EXCEPTION) return Escalation.SERIAL;
  const contributory = CONTRIBUTORY.has(second);
  const grave = contributory || second === Vector.PF;
  if (first.vector === Vector.DF) return grave ? Escalation.SHUTDOWN : Escalation.SERIAL;
  if (first.vector === Vector.PF) return grave ? Escalation.DOUBLE_FAULT : Escalation.SERIAL;
  return CONTRIBUTORY.has(first.vector) && contributory ? Escalation.DOUBLE_FAULT : Escalation.SERIAL;
}
