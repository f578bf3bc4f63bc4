// The time-stamp counter (SDM vol. 3, "Time-Stamp Counter"): virtual time plus the vCPU's offset.

import { CR4 } from '../arch/control-bits.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { LOW_32 } from './helper.ts';
import type { SystemFunction } from './helper.ts';

/** The TSC of this vCPU now. */
export const timeStamp = (cpu: Cpu): bigint => BigInt.asUintN(64, BigInt(cpu.host.tsc()) + cpu.state.tscOffset[0]);

/** What RDTSC and RDTSCP read. SDM vol. 2, RDTSC: #GP(0) "if the TSD flag in register CR4 is set and the CPL is greater than 0". */
export function readTimeStamp(cpu: Cpu): bigint {
  if (cpu.cpl !== 0 && cpu.state.cr4[0] & CR4.TSD) cpu.raise(Vector.GP, 0);
  return timeStamp(cpu);
}

/** RDTSCP: IA32_TSC_AUX. */
export const readTscAux: SystemFunction = (cpu) => cpu.state.tscAux[0] & LOW_32;

/** RDPMC: there are no performance counters, so every ECX is out of range. */
export const readPmc: SystemFunction = (cpu) => cpu.raise(Vector.GP, 0);
