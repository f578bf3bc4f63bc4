// An event kept in the vCPU's state until it can be delivered: injected by the API, or left over from a delivery that could
// not finish. The layout is that of the VM-entry interruption-information field (SDM vol. 3).
//
//   31 valid | 11 error code valid | 10:8 type | 7:0 vector        bit 12: a trap, whose frame has RF as it was
//                                                                bit 13: its delivery waits for an outside access

import { KvmError } from '../../base/errors.ts';
import { Request } from '../../base/request.ts';
import type { Cpu } from '../cpu.ts';
import { EventType, makeEvent } from './event.ts';
import type { Event } from './event.ts';

export { EventType };

const VALID = 0x80000000;
const ERROR_VALID = 0x800;
const TYPE_SHIFT = 8;
const TRAP = 0x1000;
const BEGUN = 0x2000;

export interface QueuedEvent {
  readonly type: EventType;
  readonly vector: number;
  /** null: none is pushed. */
  readonly errorCode: number | null;
  /** An exception in whose frame RF is as it was: see `makeEvent`. */
  readonly trap?: boolean;
}

export const hasQueuedEvent = (cpu: Cpu): boolean => (cpu.state.injected[0] & VALID) !== 0;

/**
 * Keeps `event` for the next boundary that can take it: the next one, or for an external interrupt one at which IF is 1.
 * EBUSY if another waits.
 */
export function queueEvent(cpu: Cpu, event: QueuedEvent): void {
  if (hasQueuedEvent(cpu)) throw new KvmError('EBUSY', 'an event waits for delivery already');
  const { injected, injectedError } = cpu.state;
  const marks = VALID | (event.trap ? TRAP : 0) | (event.errorCode === null ? 0 : ERROR_VALID);
  injected[0] = (marks | (event.type << TYPE_SHIFT) | event.vector) >>> 0;
  injectedError[0] = event.errorCode ?? 0;
  cpu.request(Request.EVENT);
}

/** The event that waits, or null. It returns to cpu.rip, and stays queued. */
export function queuedEvent(cpu: Cpu): Event | null {
  if (!hasQueuedEvent(cpu)) return null;
  const word = cpu.state.injected[0];
  const type = ((word >>> TYPE_SHIFT) & 7) as EventType;
  return makeEvent(type, word & 0xff, word & ERROR_VALID ? cpu.state.injectedError[0] : null, cpu.rip, (word & TRAP) !== 0);
}

/** Whether the queued event's delivery has made accesses of its own, which cpu.replay holds. */
export const deliveryBegun = (cpu: Cpu): boolean => (cpu.state.injected[0] & BEGUN) !== 0;

export function markDeliveryBegun(cpu: Cpu): void {
  cpu.state.injected[0] |= BEGUN;
}

export function dropQueuedEvent(cpu: Cpu): void {
  cpu.state.injected[0] = 0;
}
