// Entering virtual-8086 mode by IRET, and leaving it for a handler (SDM vol. 3, "Entering Virtual-8086 Mode", "Leaving
// Virtual-8086 Mode"; vol. 2, IRET, RETURN-TO-VIRTUAL-8086-MODE).

import { Seg } from '../../base/state/vcpu.ts';
import { SegAttr } from '../arch/segment-attributes.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { noteFlags } from './flags.ts';
import { invalidateSegment, setRealModeSegment } from './segments.ts';
import { peek, setStackPointer } from './stack-frame.ts';

/** Segment registers above the flags in the frame, in the order of their addresses, after ESP. */
const FRAME_SEGMENTS = [Seg.SS, Seg.ES, Seg.DS, Seg.FS, Seg.GS] as const;
const CODE_LIMIT = 0xffff;

/** IRET at level 0 with VM = 1 in the image: nine doublewords from EIP to GS. All of EFLAGS is taken. */
export function enterVirtual8086(cpu: Cpu, offset: bigint, codeSelector: number, flags: number): void {
  const pointer = peek(cpu, 12, 4);
  const selectors = FRAME_SEGMENTS.map((_, n) => Number(peek(cpu, 16 + 4 * n, 4) & 0xffffn));
  if (offset > BigInt(CODE_LIMIT)) cpu.raise(Vector.GP, 0);
  const old = cpu.flags.read();
  cpu.flags.write(flags);
  setRealModeSegment(cpu, Seg.CS, codeSelector);
  FRAME_SEGMENTS.forEach((segment, n) => setRealModeSegment(cpu, segment, selectors[n]));
  setStackPointer(cpu, pointer);
  cpu.nextRip = Number(offset);
  noteFlags(cpu, old);
}

/** What is pushed first on the way to a handler: GS, FS, DS and ES. */
export const savedDataSegments = ({ state: { segSelector } }: Cpu): bigint[] =>
  [Seg.GS, Seg.FS, Seg.DS, Seg.ES].map((segment) => BigInt(segSelector[segment]));

/** The handler starts with null selectors: data segments of virtual-8086 mode cannot be used in protected mode. */
export function dropDataSegments(cpu: Cpu): void {
  for (const segment of [Seg.GS, Seg.FS, Seg.DS, Seg.ES]) invalidateSegment(cpu, segment);
}

/** In virtual-8086 mode the handler must be of level 0 and not conforming; #GP(`code`) otherwise. */
export function requireLevel0Handler(cpu: Cpu, attributes: number, code: number): void {
  const conforming = (attributes & SegAttr.CONFORMING) !== 0;
  if (conforming || ((attributes >>> SegAttr.DPL_SHIFT) & 3) !== 0) cpu.raise(Vector.GP, code);
}
