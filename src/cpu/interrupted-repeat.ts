// Between two iterations of a repeated string instruction. An event delivered there pushes RF = 1, so that the instruction's
// breakpoint does not match again when it goes on (SDM vol. 3, "Instruction-Breakpoint Exception Condition").
//
// An engine sets the bit when it stops there. Whoever executes the next instruction, the same one or another, clears it first.

import type { CpuState } from './state/cpu-state.ts';

/** A bit of `interruptibility`, above those of the VMCS's field. */
export const BETWEEN_ITERATIONS = 1 << 16;

export const isBetweenIterations = ({ state }: CpuState): boolean => (state.interruptibility[0] & BETWEEN_ITERATIONS) !== 0;

export function noteIterationsLeft({ state }: CpuState): void {
  state.interruptibility[0] |= BETWEEN_ITERATIONS;
}

export function clearIterationsLeft({ state }: CpuState): void {
  state.interruptibility[0] &= ~BETWEEN_ITERATIONS;
}
