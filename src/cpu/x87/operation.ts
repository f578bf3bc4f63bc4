// The shape of an x87 operation.

import type { Insn } from '../builder/insn.ts';
import type { CpuState } from '../state/cpu-state.ts';

/**
 * What one instruction does with the registers. `x` has the raw bits of its operand in memory, if it has one. cpu.x87.env holds the
 * modes, and gathers the exceptions and C1, which are taken over afterwards.
 */
export type X87Operation = (cpu: CpuState, i: Insn, x: bigint) => void;
