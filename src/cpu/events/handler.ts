// Entering an interrupt handler: from an event to the handler's first instruction, by the mode's IDT.

import type { Cpu } from '../cpu.ts';
import { AC, IF, NT, RF, TF, VM } from '../arch/rflags.ts';
import { BETWEEN_ITERATIONS } from '../interrupted-repeat.ts';
import { Vector } from '../arch/vectors.ts';
import { isRealMode } from '../system/helper.ts';
import { Blocking } from '../system/segments.ts';
import { DR7_GD } from '../system/debug-registers.ts';
import { EventType, isException } from './event.ts';
import type { Event } from './event.ts';
import { enterLongMode } from './long-mode.ts';
import { enterProtectedMode } from './protected-mode.ts';
import { enterRealMode } from './real-mode.ts';

/**
 * Delivers `event`: pushes, loads CS and perhaps SS:RSP, clears flags. Returns the handler's RIP. A fault on the way is
 * raised by cpu.raise and leaves no effect, unless a task switch has happened already: then cpu.rip is the new task's.
 */
export function enterHandler(cpu: Cpu, event: Event): number {
  const from = cpu.rip;
  const entry = isRealMode(cpu) ? enterRealMode(cpu, event) : cpu.longMode ? enterLongMode(cpu, event) : enterProtectedMode(cpu, event);
  const { rflags, interruptibility, dr } = cpu.state;
  if (!entry.task) rflags[0] &= ~(TF | RF | (entry.clearsIf ? IF : 0) | (isRealMode(cpu) ? AC : NT | VM));
  interruptibility[0] &= ~(Blocking.STI | Blocking.MOV_SS | BETWEEN_ITERATIONS);
  if (event.type === EventType.NMI) interruptibility[0] |= Blocking.NMI;
  // SDM vol. 3, "Debug Control Register (DR7)": the handler of #DB may use the debug registers.
  if (event.vector === Vector.DB && isException(event.type)) dr[7] &= ~DR7_GD;
  cpu.refresh();
  count(cpu, event, from);
  return entry.rip;
}

function count(cpu: Cpu, { type, vector, errorCode }: Event, rip: number): void {
  if (isException(type)) cpu.exceptionCounts[vector & 31]++;
  const { on } = cpu.trace;
  if (on === null) return;
  const at = BigInt.asUintN(64, BigInt(rip));
  if (isException(type)) on('exception', { vcpu: cpu.index, vector, errorCode, rip: at });
  else on('interrupt', { vcpu: cpu.index, vector, rip: at });
}
