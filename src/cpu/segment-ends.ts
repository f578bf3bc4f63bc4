// How far translated code may access a segment without asking: everything below one offset, or nothing. What is beyond goes to
// the interpreter, which knows why (segmentation.ts): the rules are there, and this never permits what they forbid.

import type { VcpuState } from '../base/state/vcpu.ts';
import { SegAttr } from './cpu.ts';

const SEGMENTS = 6;
/** A 4 GiB segment's last byte is left to the interpreter, so that an end fits 32 bits. */
const MOST = 0xffffffff;

/**
 * Derives `segReadEnd` and `segWriteEnd`, outside 64-bit mode, from attributes and limits; 0 where nothing is permitted.
 * `hasTypes` is false in real-address and virtual-8086 mode, where code segments are data too (SDM vol. 3, "Real-Address Mode
 * Operation").
 */
export function deriveSegmentEnds({ segAttributes, segLimit, segReadEnd, segWriteEnd }: VcpuState, hasTypes: boolean): void {
  for (let s = 0; s < SEGMENTS; s++) {
    const attributes = segAttributes[s];
    const isCode = (attributes & SegAttr.CODE) !== 0;
    const code = hasTypes && isCode;
    const usable = (attributes & (SegAttr.P | SegAttr.UNUSABLE)) === SegAttr.P;
    const expandsDown = !isCode && (attributes & SegAttr.EXPAND_DOWN) !== 0;
    const end = usable && !expandsDown ? Math.min(segLimit[s] + 1, MOST) : 0;
    segReadEnd[s] = !code || attributes & SegAttr.READABLE ? end : 0;
    segWriteEnd[s] = !code && attributes & SegAttr.WRITABLE ? end : 0;
  }
}
