// Which mode a processor is in (SDM vol. 3, "Modes of Operation").

import { CodeMode } from '../arch/code-mode.ts';
import { CR0 } from '../arch/control-bits.ts';
import { VM } from '../arch/rflags.ts';
import type { CpuState } from './cpu-state.ts';

/** CR0.PE = 0. */
export const isRealMode = (cpu: CpuState): boolean => (cpu.state.cr0[0] & CR0.PE) === 0n;

export const isVirtual8086 = (cpu: CpuState): boolean => (cpu.state.rflags[0] & VM) !== 0;

/** CR0.PE = 1 and not virtual-8086 mode: selectors name descriptors. */
export const isProtected = (cpu: CpuState): boolean => !isRealMode(cpu) && !isVirtual8086(cpu);

export const is64Bit = (cpu: CpuState): boolean => cpu.mode === CodeMode.BITS64;
