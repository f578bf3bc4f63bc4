// INT n, INT3, INT1 and INTO (SDM vol. 2): delivered at once, through the IDT. A fault of the delivery is the instruction's own.

import type { Cpu } from '../cpu.ts';
import { EventType, makeEvent } from '../events/event.ts';
import { enterHandler } from '../events/handler.ts';
import { Vector } from '../arch/vectors.ts';
import { isVirtual8086 } from './helper.ts';
import type { SystemFunction } from './helper.ts';
import { isRedirected, redirect } from './redirection.ts';

function deliverNow(cpu: Cpu, vector: number, type: EventType): bigint {
  cpu.nextRip = enterHandler(cpu, makeEvent(type, vector, null, cpu.nextRip));
  // The handler's entry cleared TF, so no single-step trap follows.
  cpu.suppressTrap = true;
  return 0n;
}

/** In virtual-8086 mode INT n alone depends on the redirection bit map and IOPL; INT3, INTO and INT1 do not. */
export const interrupt: SystemFunction = (cpu, i) => {
  const vector = i.dst.imm & 0xff;
  if (isRedirected(cpu, vector)) {
    redirect(cpu, vector);
    cpu.suppressTrap = true;
    return 0n;
  }
  if (isVirtual8086(cpu) && cpu.iopl < 3) cpu.raise(Vector.GP, 0);
  return deliverNow(cpu, vector, EventType.SOFTWARE_INTERRUPT);
};
export const breakpoint: SystemFunction = (cpu) => deliverNow(cpu, Vector.BP, EventType.SOFTWARE_EXCEPTION);
export const overflow: SystemFunction = (cpu) => deliverNow(cpu, Vector.OF, EventType.SOFTWARE_EXCEPTION);
export const icebp: SystemFunction = (cpu) => deliverNow(cpu, Vector.DB, EventType.PRIVILEGED_SOFTWARE_EXCEPTION);
