// Stacks for inner levels from the TSS (SDM vol. 3, "Task-State Segment (TSS)", "64-Bit Task State Segment").

import { Seg } from '../../base/state/vcpu.ts';
import { SegAttr } from '../arch/segment-attributes.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { IMPLICIT, NO_SEGMENT, SystemType, isNull } from './descriptor.ts';
import { tableAddress } from './helper.ts';
import { checkStackSegment } from './segments.ts';
import { flatStack, segmentStack } from './stack-frame.ts';
import type { Stack } from './stack-frame.ts';
import type { Descriptor } from './descriptor.ts';

/** Offsets in the 64-bit TSS: RSP0 and IST1. */
const RSP0 = 4;
const IST1 = 36;

/** The address of `bytes` bytes at `offset` in the TSS; #TS(TR) beyond its limit. */
function fieldAddress(cpu: Cpu, offset: number, bytes: number, ext: number): number {
  const { segBase, segLimit, segSelector } = cpu.state;
  if (offset + bytes - 1 > segLimit[Seg.TR]) cpu.raise(Vector.TS, (segSelector[Seg.TR] & 0xfffc) | ext);
  return tableAddress(cpu, segBase[Seg.TR], offset);
}

interface InnerStack {
  readonly selector: number;
  readonly descriptor: Descriptor;
  readonly stack: Stack;
}

/** SS, its descriptor and a stack on it, for inner level `cpl` in legacy protected mode. All errors are #TS, but #SS if not present. */
export function innerStack(cpu: Cpu, cpl: number, ext = 0): InnerStack {
  const type = cpu.state.segAttributes[Seg.TR] & SegAttr.TYPE;
  const wide = type === SystemType.TSS || type === SystemType.TSS_BUSY;
  const at = fieldAddress(cpu, wide ? 4 + 8 * cpl : 2 + 4 * cpl, wide ? 6 : 4, ext);
  const pointer = BigInt(cpu.memory.load(at, wide ? 4 : 2, NO_SEGMENT, IMPLICIT) >>> 0);
  const selector = cpu.memory.load(at + (wide ? 4 : 2), 2, NO_SEGMENT, IMPLICIT);
  if (isNull(selector)) cpu.raise(Vector.TS, ext);
  const descriptor = checkStackSegment(cpu, selector, cpl, Vector.TS, ext);
  return { selector, descriptor, stack: segmentStack(cpu, descriptor, pointer, cpl, ext) };
}

function flatStackAt(cpu: Cpu, offset: number, cpl: number, ext: number): Stack {
  return flatStack(cpu, cpu.memory.load64(fieldAddress(cpu, offset, 8, ext), NO_SEGMENT, IMPLICIT), cpl, ext);
}

/** RSP0 … RSP2 of IA-32e mode. */
export const innerFlatStack = (cpu: Cpu, cpl: number, ext = 0): Stack => flatStackAt(cpu, RSP0 + 8 * cpl, cpl, ext);

/** IST1 … IST7. */
export const interruptStack = (cpu: Cpu, ist: number, cpl: number, ext = 0): Stack => flatStackAt(cpu, IST1 + 8 * (ist - 1), cpl, ext);
