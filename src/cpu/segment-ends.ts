// How far translated code may access a segment without asking: everything below one offset, or nothing. An access beyond goes to
// the interpreter, which asks for the bounds (segmentation.ts).

import type { VcpuState } from '../base/state/vcpu.ts';
import { Rights } from './segment-bounds.ts';
import type { SegmentBounds } from './segment-bounds.ts';

/** A 4 GiB segment's last byte is left to the interpreter, so that an end fits 32 bits. */
const MOST = 0xffffffff;

/** Derives `segReadEnd` and `segWriteEnd` of segment `s`, outside 64-bit mode; 0 if it expands down, or permits nothing. */
export function deriveSegmentEnd({ segReadEnd, segWriteEnd }: VcpuState, { rights, first, last }: SegmentBounds, s: number): void {
  const end = first[s] === 0 ? Math.min(last[s] + 1, MOST) : 0;
  segReadEnd[s] = rights[s] & Rights.READ ? end : 0;
  segWriteEnd[s] = rights[s] & Rights.WRITE ? end : 0;
}
