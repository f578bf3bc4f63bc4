// From effective to linear addresses: bases, and the bounds of segments (segment-bounds.ts). In 64-bit mode only FS and GS have
// bases, and nothing is checked here: the access checks canonical form.

import { Seg } from '../base/state/vcpu.ts';
import { noteDataAccess } from './breakpoints.ts';
import { CodeMode } from './builder/insn.ts';
import type { CpuState } from './state/cpu-state.ts';
import { Rights, isWithinBounds } from './segment-bounds.ts';
import { Vector } from './arch/vectors.ts';

/** The linear address of `offset` in `segment` for an access of `bytes` bytes; raises #GP(0), #SS(0) for SS, or #AC(0). */
export function checkedLinear(cpu: CpuState, segment: number, offset: number, bytes: number, write: boolean): number {
  if (cpu.flat[segment] & (write ? 2 : 1)) return offset;
  const linear = slowLinearAddress(cpu, segment, offset, bytes, write);
  if (cpu.breakpoints) noteDataAccess(cpu, linear, bytes, write);
  if (cpu.alignmentCheck) checkAlignment(cpu, linear, bytes);
  return linear;
}

/** SDM vol. 3, "Alignment Check Exception (#AC)": operands of 2, 4, 8 and 16 bytes on their own boundary. */
function checkAlignment(cpu: CpuState, linear: number, bytes: number): void {
  const isPowerOfTwo = (bytes & (bytes - 1)) === 0;
  if (isPowerOfTwo && linear % bytes !== 0) cpu.raise(Vector.AC, 0);
}

function slowLinearAddress(cpu: CpuState, segment: number, offset: number, bytes: number, write: boolean): number {
  const base = cpu.base[segment];
  if (cpu.mode === CodeMode.BITS64) {
    const sum = offset + base;
    return Number.isSafeInteger(sum) ? sum : Number(BigInt.asIntN(64, BigInt(offset) + BigInt(base)));
  }
  if (!isWithinBounds(cpu.bounds, segment, offset, bytes, write ? Rights.WRITE : Rights.READ)) {
    cpu.raise(segment === Seg.SS ? Vector.SS : Vector.GP, 0);
  }
  return (base + offset) >>> 0;
}
