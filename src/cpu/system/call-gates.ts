// Far JMP and CALL through call gates (SDM vol. 3, "Call Gates", "Accessing a Code Segment Through a Call Gate", "Stack
// Switching"; vol. 2, CALL). Gates of 16 and 32 bits in legacy modes, of 64 bits (16 bytes long) in IA-32e mode.

import { Seg } from '../../base/state/vcpu.ts';
import type { Cpu } from '../cpu.ts';
import { SegAttr } from '../arch/segment-attributes.ts';
import { Vector } from '../arch/vectors.ts';
import { instructionPointer } from './code-targets.ts';
import { SystemType, isNull, isWholeInTable, markAccessed, probeAccessed, readDescriptor, readUpperHalf } from './descriptor.ts';
import type { Descriptor } from './descriptor.ts';
import { setCodeSegment, setNullSegment, setSegment } from './segments.ts';
import { currentStack, flatStack, peek, pushAll, returnAddress, setStackPointer } from './stack-frame.ts';
import type { Width } from './stack-frame.ts';
import { innerFlatStack, innerStack } from './task-state.ts';

const RSP = 4;

interface Gate {
  readonly size: Width;
  readonly offset: bigint;
  readonly parameters: number;
  readonly target: Descriptor;
}

/** Reads a gate and its target, with the checks that JMP and CALL share. */
function readGate(cpu: Cpu, d: Descriptor): Gate {
  const gateCode = d.selector & 0xfffc;
  if (d.dpl < cpu.cpl || d.dpl < (d.selector & 3)) cpu.raise(Vector.GP, gateCode);
  let upper = 0;
  if (cpu.longMode) {
    if (!isWholeInTable(cpu, d)) cpu.raise(Vector.GP, gateCode);
    const [offset, type] = readUpperHalf(cpu, d);
    if (type & 0x1f00) cpu.raise(Vector.GP, gateCode);
    upper = offset;
  }
  if (!d.present) cpu.raise(Vector.NP, gateCode);
  const selector = d.low >>> 16;
  if (isNull(selector)) cpu.raise(Vector.GP, 0);
  const target = readDescriptor(cpu, selector, Vector.GP);
  const wrongSize = cpu.longMode && (!(target.attributes & SegAttr.L) || (target.attributes & SegAttr.DB) !== 0);
  if (!target.code || target.dpl > cpu.cpl || wrongSize) cpu.raise(Vector.GP, selector & 0xfffc);
  const low = d.type === SystemType.CALL_GATE16 ? d.low & 0xffff : ((d.high & 0xffff0000) | (d.low & 0xffff)) >>> 0;
  const size = cpu.longMode ? 8 : d.type === SystemType.CALL_GATE16 ? 2 : 4;
  return { size, target, offset: (BigInt(upper) << 32n) | BigInt(low), parameters: cpu.longMode ? 0 : d.high & 31 };
}

/** JMP: the level stays, so a non-conforming target must be of this level. */
export function jumpThroughGate(cpu: Cpu, d: Descriptor): bigint {
  const { target, offset } = readGate(cpu, d);
  const code = target.selector & 0xfffc;
  if (!target.conforming && target.dpl !== cpu.cpl) cpu.raise(Vector.GP, code);
  if (!target.present) cpu.raise(Vector.NP, code);
  const rip = instructionPointer(cpu, target, offset);
  setCodeSegment(cpu, target, cpu.cpl);
  cpu.nextRip = rip;
  cpu.refresh();
  return 0n;
}

/** CALL: a non-conforming target of a lower DPL switches level and stack. */
export function callThroughGate(cpu: Cpu, d: Descriptor): bigint {
  const gate = readGate(cpu, d);
  const { target } = gate;
  if (!target.present) cpu.raise(Vector.NP, target.selector & 0xfffc);
  const inner = !target.conforming && target.dpl < cpu.cpl;
  probeAccessed(cpu, target);
  if (!inner) callSameLevel(cpu, gate);
  else if (cpu.longMode) callInnerFlat(cpu, gate);
  else callInner(cpu, gate);
  cpu.refresh();
  return 0n;
}

const returnFrame = (cpu: Cpu, size: Width): bigint[] => [BigInt(cpu.state.segSelector[Seg.CS]), returnAddress(cpu.nextRip, size)];

const stackFrame = (cpu: Cpu): bigint[] => [BigInt(cpu.state.segSelector[Seg.SS]), cpu.state.gpr[RSP]];

/** A 64-bit gate pushes as 64-bit mode does, from compatibility mode too: SS does not count. */
function callSameLevel(cpu: Cpu, { size, target, offset }: Gate): void {
  const rip = instructionPointer(cpu, target, offset);
  const stack = size === 8 ? flatStack(cpu, cpu.state.gpr[RSP], cpu.cpl) : currentStack(cpu);
  const rsp = pushAll(cpu, stack, size, returnFrame(cpu, size));
  setCodeSegment(cpu, target, cpu.cpl);
  setStackPointer(cpu, rsp);
  cpu.nextRip = rip;
}

/** Parameters are copied from the caller's stack in their order: the one pushed first stays at the highest address. */
function callInner(cpu: Cpu, { size, target, offset, parameters }: Gate): void {
  const { selector, descriptor, stack } = innerStack(cpu, target.dpl);
  const rip = instructionPointer(cpu, target, offset);
  const copied = Array.from({ length: parameters }, (_, n) => peek(cpu, size * (parameters - 1 - n), size));
  probeAccessed(cpu, descriptor);
  const rsp = pushAll(cpu, stack, size, [...stackFrame(cpu), ...copied, ...returnFrame(cpu, size)]);
  setCodeSegment(cpu, target, target.dpl);
  markAccessed(cpu, descriptor);
  setSegment(cpu, Seg.SS, selector, descriptor);
  setStackPointer(cpu, rsp);
  cpu.nextRip = rip;
}

/** SS becomes null with the new level as its RPL. */
function callInnerFlat(cpu: Cpu, { size, target, offset }: Gate): void {
  const cpl = target.dpl;
  const rip = instructionPointer(cpu, target, offset);
  const rsp = pushAll(cpu, innerFlatStack(cpu, cpl), size, [...stackFrame(cpu), ...returnFrame(cpu, size)]);
  setCodeSegment(cpu, target, cpl);
  setNullSegment(cpu, Seg.SS, cpl, cpl);
  setStackPointer(cpu, rsp);
  cpu.nextRip = rip;
}
