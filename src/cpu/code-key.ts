// What translated code assumes beside the bytes it was made from. Two vCPUs, or two moments, with the same key may run the
// same translation.
//
//   bit 0 user mode | 2:1 TLB context of data | 3 64-bit mode | 7 always set

import { Seg } from '../base/state/vcpu.ts';
import { CodeMode } from './builder/insn.ts';
import type { Cpu } from './cpu.ts';

export const KEY_64 = 8;
const VALID = 0x80;
const READ_WRITE = 3;

export const keyIs64 = (key: number): boolean => (key & KEY_64) !== 0;
export const dataContextOf = (key: number): number => (key >> 1) & 3;

/** 0 when code must be interpreted: 16-bit code, segments that need checks, alignment checks, breakpoints. */
export function codeKeyOf(cpu: Cpu): number {
  if (cpu.mode === CodeMode.BITS16 || cpu.alignmentCheck || cpu.breakpoints) return 0;
  const is64 = cpu.mode === CodeMode.BITS64;
  if (!is64 && !isFlat(cpu)) return 0;
  return VALID | (is64 ? KEY_64 : 0) | (cpu.dataContext << 1) | (cpu.cpl === 3 ? 1 : 0);
}

/** 32-bit code over flat segments: ES, SS and DS need no checks, CS has base 0 and no limit, the stack is 32 bits wide. */
function isFlat(cpu: Cpu): boolean {
  const { flat, base, state } = cpu;
  const data = flat[Seg.ES] === READ_WRITE && flat[Seg.SS] === READ_WRITE && flat[Seg.DS] === READ_WRITE;
  return data && base[Seg.CS] === 0 && state.segLimit[Seg.CS] === 0xffffffff && cpu.stackSize === 4;
}
