// Far RET (SDM vol. 2), and the part of it that IRET shares: going back to a code segment and, to an outer level, a stack.

import { Seg } from '../../base/state/vcpu.ts';
import { SegAttr } from '../arch/segment-attributes.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { instructionPointer, is64BitCode, returnTarget } from './code-targets.ts';
import { isNull, markAccessed, probeAccessed } from './descriptor.ts';
import type { Descriptor } from './descriptor.ts';
import { noteVirtualInterrupt } from './flags.ts';
import { isProtected } from './helper.ts';
import type { SystemFunction } from './helper.ts';
import { checkStackSegment, dropInnerSegments, setCodeSegment, setNullSegment, setRealModeSegment, setSegment } from './segments.ts';
import { outerPointer, peek, peekLow, released, setStackPointer } from './stack-frame.ts';
import type { Width } from './stack-frame.ts';

/** A stack that a return goes to; `descriptor` is null for the null selector of 64-bit mode. */
export interface ReturnStack {
  readonly selector: number;
  readonly descriptor: Descriptor | null;
  readonly pointer: bigint;
}

/** Checks the SS that a return to `code` popped: null is for 64-bit mode below level 3. */
export function returnStack(cpu: Cpu, code: Descriptor, selector: number, pointer: bigint): ReturnStack {
  const cpl = code.selector & 3;
  if (isNull(selector)) {
    if (!is64BitCode(cpu, code) || cpl === 3) cpu.raise(Vector.GP, 0);
    return { selector, descriptor: null, pointer };
  }
  return { selector, descriptor: checkStackSegment(cpu, selector, cpl, Vector.GP), pointer };
}

/** Commits a return to `code` with the stack it brought. `more`: bytes of parameters to release on that stack. */
export function enterReturnStack(cpu: Cpu, code: Descriptor, stack: ReturnStack, more: number): void {
  const { selector, descriptor } = stack;
  const cpl = code.selector & 3;
  const outer = cpl !== cpu.cpl;
  probeAccessed(cpu, code);
  if (descriptor) markAccessed(cpu, descriptor);
  setCodeSegment(cpu, code, cpl);
  if (descriptor) setSegment(cpu, Seg.SS, selector, descriptor);
  else setNullSegment(cpu, Seg.SS, selector, cpl);
  const width = is64BitCode(cpu, code) ? 8 : descriptor !== null && descriptor.attributes & SegAttr.DB ? 4 : 2;
  setStackPointer(cpu, outerPointer(cpu, stack.pointer + BigInt(more), width));
  if (outer) {
    dropInnerSegments(cpu, cpl);
    noteVirtualInterrupt(cpu);
  }
}

/** x = bytes to release beyond the return address; words have i.size bytes. */
export const farReturn: SystemFunction = (cpu, i, x) => {
  const size = i.size as Width;
  const parameters = Number(x);
  const offset = peek(cpu, 0, size);
  const selector = peekLow(cpu, size, size) & 0xffff;
  if (isProtected(cpu)) returnProtected(cpu, size, offset, selector, parameters);
  else returnReal(cpu, size, offset, selector, parameters);
  cpu.refresh();
  return 0n;
};

function returnReal(cpu: Cpu, size: Width, offset: bigint, selector: number, parameters: number): void {
  if (offset > BigInt(cpu.state.segLimit[Seg.CS])) cpu.raise(Vector.GP, 0);
  setStackPointer(cpu, released(cpu, 2 * size + parameters));
  setRealModeSegment(cpu, Seg.CS, selector);
  cpu.nextRip = Number(offset);
}

function returnProtected(cpu: Cpu, size: Width, offset: bigint, selector: number, parameters: number): void {
  const code = returnTarget(cpu, selector);
  if ((selector & 3) === cpu.cpl) {
    const rip = instructionPointer(cpu, code, offset);
    const rsp = released(cpu, 2 * size + parameters);
    setCodeSegment(cpu, code, cpu.cpl);
    setStackPointer(cpu, rsp);
    cpu.nextRip = rip;
    return;
  }
  const at = 2 * size + parameters;
  const pointer = peek(cpu, at, size);
  const stack = returnStack(cpu, code, Number(peek(cpu, at + size, size) & 0xffffn), pointer);
  const rip = instructionPointer(cpu, code, offset);
  enterReturnStack(cpu, code, stack, parameters);
  cpu.nextRip = rip;
}
