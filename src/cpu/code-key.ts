// What translated code assumes beside the bytes that it was made from, in 16 bits. Two vCPUs with the same key may run the same
// translation, and so may one vCPU at two moments.
//
//   bit 0 user mode | 2:1 TLB context of data | 3 64-bit mode | 4 segmented | 5 16-bit code | 6 16-bit stack | 15 always set; 14:7 are free
//
// Segmented code takes bases from the state, and compares every offset with how far the segment may be accessed
// (segment-ends.ts). Code that is not segmented uses ES, SS and DS without a look at them, and runs anywhere in CS.

import { Seg } from '../base/state/vcpu.ts';
import type { VcpuState } from '../base/state/vcpu.ts';
import { CodeMode } from './arch/code-mode.ts';

const KEY_64 = 8;
export const KEY_SEGMENTED = 16;
const KEY_16 = 32;
const KEY_STACK_16 = 64;
const VALID = 0x8000;
/** Keys are below this. */
export const KEY_LIMIT = 0x10000;
const READ_WRITE = 3;

export const dataContextOf = (key: number): number => (key >> 1) & 3;
export const isSegmented = (key: number): boolean => (key & KEY_SEGMENTED) !== 0;

export function codeModeOf(key: number): CodeMode {
  if (key & KEY_64) return CodeMode.BITS64;
  return key & KEY_16 ? CodeMode.BITS16 : CodeMode.BITS32;
}

/** Bytes of the stack pointer. */
export function stackWidthOf(key: number): 2 | 4 | 8 {
  if (key & KEY_64) return 8;
  return key & KEY_STACK_16 ? 2 : 4;
}

/** What a key is made of: see state/derived-state.ts. */
interface Assumed {
  readonly state: VcpuState;
  readonly mode: CodeMode;
  readonly cpl: number;
  readonly stackSize: 2 | 4 | 8;
  readonly dataContext: number;
  readonly alignmentCheck: boolean;
  readonly breakpoints: boolean;
  readonly flat: Uint8Array;
  readonly base: Float64Array;
}

/** 0 while code must be interpreted: alignment is checked, or a breakpoint is enabled. */
export function codeKeyOf(cpu: Assumed): number {
  if (cpu.alignmentCheck || cpu.breakpoints) return 0;
  return VALID | shapeOf(cpu) | (cpu.dataContext << 1) | (cpu.cpl === 3 ? 1 : 0);
}

function shapeOf(cpu: Assumed): number {
  if (cpu.mode === CodeMode.BITS64) return KEY_64;
  const stack = cpu.stackSize === 2 ? KEY_STACK_16 : 0;
  if (cpu.mode === CodeMode.BITS16) return KEY_16 | KEY_SEGMENTED | stack;
  return stack | (isFlat(cpu) ? 0 : KEY_SEGMENTED);
}

/** ES, SS and DS need no checks, CS has base 0 and no limit. */
function isFlat({ flat, base, state }: Assumed): boolean {
  const data = flat[Seg.ES] === READ_WRITE && flat[Seg.SS] === READ_WRITE && flat[Seg.DS] === READ_WRITE;
  return data && base[Seg.CS] === 0 && state.segLimit[Seg.CS] === 0xffffffff;
}
