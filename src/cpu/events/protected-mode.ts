// Interrupt and exception handling in legacy protected mode (SDM vol. 3, "Exception- or Interrupt-Handler Procedures").

import { Seg } from '../../base/state/vcpu.ts';
import type { Cpu } from '../cpu.ts';
import { RF } from '../arch/rflags.ts';
import { instructionPointer } from '../system/code-targets.ts';
import { SystemType, markAccessed, probeAccessed } from '../system/descriptor.ts';
import { isVirtual8086 } from '../system/helper.ts';
import { setCodeSegment, setSegment } from '../system/segments.ts';
import { currentStack, pushAll, returnAddress, setStackPointer } from '../system/stack-frame.ts';
import { innerStack } from '../system/task-state.ts';
import { availableTask, switchTask } from '../system/task-switch.ts';
import { dropDataSegments, requireLevel0Handler, savedDataSegments } from '../system/virtual-8086.ts';
import type { Event } from './event.ts';
import { extBit, readGate, readIdt } from './gate.ts';
import type { Entry, Gate } from './gate.ts';

const RSP = 4;

export function enterProtectedMode(cpu: Cpu, event: Event): Entry {
  const descriptor = readIdt(cpu, event);
  if (descriptor.type === SystemType.TASK_GATE) return enterTask(cpu, event, descriptor.low >>> 16);
  const gate = readGate(cpu, event, descriptor);
  if (isVirtual8086(cpu)) requireLevel0Handler(cpu, gate.code.attributes, (gate.code.selector & 0xfffc) | extBit(event));
  const { segSelector } = cpu.state;
  const flags = cpu.flags.read() | (event.setsRf ? RF : 0);
  const frame = [BigInt(flags), BigInt(segSelector[Seg.CS]), returnAddress(event.returnRip, gate.size)];
  if (event.errorCode !== null) frame.push(BigInt(event.errorCode));
  const rip = gate.cpl < cpu.cpl ? enterInner(cpu, gate, frame, extBit(event)) : enterSame(cpu, gate, frame, extBit(event));
  return { rip, clearsIf: gate.clearsIf };
}

/** SDM vol. 3, "Interrupt Tasks": the handler is a task of its own, nested in the interrupted one. */
function enterTask(cpu: Cpu, event: Event, selector: number): Entry {
  const ext = extBit(event);
  const { errorCode, setsRf } = event;
  switchTask(cpu, availableTask(cpu, selector, ext), 'call', event.returnRip, { ext, setsRf, errorCode });
  return { rip: cpu.rip, clearsIf: false, task: true };
}

function enterSame(cpu: Cpu, { code, offset, size }: Gate, frame: readonly bigint[], ext: number): number {
  const rip = instructionPointer(cpu, code, offset, ext);
  probeAccessed(cpu, code);
  const rsp = pushAll(cpu, currentStack(cpu, ext), size, frame);
  setCodeSegment(cpu, code, cpu.cpl);
  setStackPointer(cpu, rsp);
  return rip;
}

/** The stack comes from the TSS. The old SS:ESP are pushed first; out of virtual-8086 mode the data segments come before them. */
function enterInner(cpu: Cpu, { code, offset, size, cpl }: Gate, frame: readonly bigint[], ext: number): number {
  const { selector, descriptor, stack } = innerStack(cpu, cpl, ext);
  const rip = instructionPointer(cpu, code, offset, ext);
  probeAccessed(cpu, code);
  probeAccessed(cpu, descriptor);
  const virtual = isVirtual8086(cpu);
  const outer = [...(virtual ? savedDataSegments(cpu) : []), BigInt(cpu.state.segSelector[Seg.SS]), cpu.state.gpr[RSP]];
  const rsp = pushAll(cpu, stack, size, [...outer, ...frame]);
  if (virtual) dropDataSegments(cpu);
  setCodeSegment(cpu, code, cpl);
  markAccessed(cpu, descriptor);
  setSegment(cpu, Seg.SS, selector, descriptor);
  setStackPointer(cpu, rsp);
  return rip;
}
