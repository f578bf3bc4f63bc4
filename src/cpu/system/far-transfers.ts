// Far JMP and CALL (SDM vol. 2): to code segments here, through call gates in call-gates.ts, to tasks in task-switch.ts.

import { Seg } from '../../base/state/vcpu.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { callThroughGate, jumpThroughGate } from './call-gates.ts';
import { checkDirect, instructionPointer } from './code-targets.ts';
import { SystemType, isNull, probeAccessed, readDescriptor } from './descriptor.ts';
import type { Descriptor } from './descriptor.ts';
import { isProtected } from './helper.ts';
import type { SystemFunction } from './helper.ts';
import { setCodeSegment, setRealModeSegment } from './segments.ts';
import { currentStack, pushAll, returnAddress, setStackPointer } from './stack-frame.ts';
import type { Width } from './stack-frame.ts';
import { transferToTask } from './task-switch.ts';

/** What a system descriptor as a far target is: #GP(selector) unless it is one through which control can pass. */
function gateOf(cpu: Cpu, d: Descriptor): Descriptor {
  const legacy: readonly number[] = [SystemType.CALL_GATE16, SystemType.TASK_GATE, SystemType.TSS, SystemType.TSS16];
  const transfers = d.type === SystemType.CALL_GATE || (!cpu.longMode && legacy.includes(d.type));
  if (!transfers) cpu.raise(Vector.GP, d.selector & 0xfffc);
  return d;
}

const isCallGate = ({ type }: Descriptor): boolean => type === SystemType.CALL_GATE || type === SystemType.CALL_GATE16;

/** The descriptor that a far pointer names, code or gate. */
function target(cpu: Cpu, selector: number): Descriptor {
  if (isNull(selector)) cpu.raise(Vector.GP, 0);
  const d = readDescriptor(cpu, selector, Vector.GP);
  if (d.system) return gateOf(cpu, d);
  if (!d.code) cpu.raise(Vector.GP, selector & 0xfffc);
  return d;
}

/** Real-address mode: the offset must lie within the limit that CS has. */
function realModePointer(cpu: Cpu, offset: bigint): number {
  if (offset > BigInt(cpu.state.segLimit[Seg.CS])) cpu.raise(Vector.GP, 0);
  return Number(offset);
}

/** x = offset of i.size bytes, y = selector. */
export const farJump: SystemFunction = (cpu, i, x, y) => {
  const selector = Number(y & 0xffffn);
  const offset = BigInt.asUintN(8 * i.size, x);
  if (!isProtected(cpu)) {
    cpu.nextRip = realModePointer(cpu, offset);
    setRealModeSegment(cpu, Seg.CS, selector);
  } else {
    const d = target(cpu, selector);
    if (d.system) return isCallGate(d) ? jumpThroughGate(cpu, d) : transferToTask(cpu, d, 'jump');
    checkDirect(cpu, d);
    const rip = instructionPointer(cpu, d, offset);
    setCodeSegment(cpu, d, cpu.cpl);
    cpu.nextRip = rip;
  }
  cpu.refresh();
  return 0n;
};

/** x = offset of i.size bytes, y = selector; CS and the return address are pushed as i.size bytes each. */
export const farCall: SystemFunction = (cpu, i, x, y) => {
  const size = i.size as Width;
  const selector = Number(y & 0xffffn);
  const offset = BigInt.asUintN(8 * size, x);
  const frame = [BigInt(cpu.state.segSelector[Seg.CS]), returnAddress(cpu.nextRip, size)];
  if (!isProtected(cpu)) {
    const rip = realModePointer(cpu, offset);
    setStackPointer(cpu, pushAll(cpu, currentStack(cpu), size, frame));
    setRealModeSegment(cpu, Seg.CS, selector);
    cpu.nextRip = rip;
  } else {
    const d = target(cpu, selector);
    if (d.system) return isCallGate(d) ? callThroughGate(cpu, d) : transferToTask(cpu, d, 'call');
    checkDirect(cpu, d);
    const rip = instructionPointer(cpu, d, offset);
    probeAccessed(cpu, d);
    const rsp = pushAll(cpu, currentStack(cpu), size, frame);
    setCodeSegment(cpu, d, cpu.cpl);
    setStackPointer(cpu, rsp);
    cpu.nextRip = rip;
  }
  cpu.refresh();
  return 0n;
};
