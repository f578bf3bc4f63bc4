// The shape of an x87 operation.

import type { Insn } from '../builder/insn.ts';
import type { CpuState } from '../state/cpu-state.ts';

/**
 * What one instruction does with the registers. `x` are the raw bits of its operand in memory, if it has one. cpu.x87.env holds
 * the modes; the exceptions and C1 that it gathers are taken over afterwards.
 */
export type X87Operation = (cpu: CpuState, i: Insn, x: bigint) => void;
