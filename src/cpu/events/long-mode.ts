// Interrupt and exception handling in IA-32e mode (SDM vol. 3, "Interrupt and Exception Handling in 64-Bit Mode").

import { Seg } from '../../base/state/vcpu.ts';
import type { Cpu } from '../cpu.ts';
import { RF } from '../arch/rflags.ts';
import { instructionPointer } from '../system/code-targets.ts';
import { probeAccessed } from '../system/descriptor.ts';
import { toUnsigned } from '../system/helper.ts';
import { setCodeSegment, setNullSegment } from '../system/segments.ts';
import { flatStack, pushAll, setStackPointer } from '../system/stack-frame.ts';
import type { Stack } from '../system/stack-frame.ts';
import { innerFlatStack, interruptStack } from '../system/task-state.ts';
import type { Event } from './event.ts';
import { extBit, readGate, readIdt } from './gate.ts';
import type { Entry, Gate } from './gate.ts';

const RSP = 4;

function stackFor(cpu: Cpu, { ist, cpl }: Gate, ext: number): Stack {
  if (ist !== 0) return interruptStack(cpu, ist, cpl, ext);
  return cpl < cpu.cpl ? innerFlatStack(cpu, cpl, ext) : flatStack(cpu, cpu.state.gpr[RSP], cpl, ext);
}

/** The frame is aligned to 16 bytes before anything is pushed. */
const aligned = (stack: Stack): Stack => ({ ...stack, pointer: stack.pointer & ~15n });

/** SS:RSP are always pushed; SS becomes null only when the level changes. */
export function enterLongMode(cpu: Cpu, event: Event): Entry {
  const ext = extBit(event);
  const gate = readGate(cpu, event, readIdt(cpu, event));
  const rip = instructionPointer(cpu, gate.code, gate.offset, ext);
  const { segSelector, gpr } = cpu.state;
  const flags = cpu.flags.read() | (event.setsRf ? RF : 0);
  const frame = [BigInt(segSelector[Seg.SS]), gpr[RSP], BigInt(flags), BigInt(segSelector[Seg.CS]), toUnsigned(event.returnRip)];
  if (event.errorCode !== null) frame.push(BigInt(event.errorCode));
  probeAccessed(cpu, gate.code);
  const rsp = pushAll(cpu, aligned(stackFor(cpu, gate, ext)), 8, frame);
  const inner = gate.cpl < cpu.cpl;
  setCodeSegment(cpu, gate.code, gate.cpl);
  if (inner) setNullSegment(cpu, Seg.SS, gate.cpl, gate.cpl);
  setStackPointer(cpu, rsp);
  return { rip, clearsIf: gate.clearsIf };
}
