// The time-stamp counter (SDM vol. 3, "Time-Stamp Counter"): virtual time plus the vCPU's offset.

import { CR4 } from '../cpu.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../signals.ts';
import { writeEdxEax } from './edx-eax.ts';
import { LOW_32 } from './helper.ts';
import type { SystemFunction } from './helper.ts';

const RCX = 1;

/** The TSC of this vCPU now. */
export const timeStamp = (cpu: Cpu): bigint => BigInt.asUintN(64, cpu.host.tsc() + cpu.state.tscOffset[0]);

/** SDM vol. 2, RDTSC: "if the TSD flag in register CR4 is set and the CPL is greater than 0". */
function requireTsc(cpu: Cpu): void {
  if (cpu.cpl !== 0 && cpu.state.cr4[0] & CR4.TSD) cpu.raise(Vector.GP, 0);
}

/** RDTSC: EDX:EAX, and the value is returned. */
export const readTsc: SystemFunction = (cpu) => {
  requireTsc(cpu);
  const value = timeStamp(cpu);
  writeEdxEax(cpu, value);
  return value;
};

/** RDTSCP: also IA32_TSC_AUX in ECX. */
export const readTscp: SystemFunction = (cpu, i, x, y) => {
  const value = readTsc(cpu, i, x, y);
  cpu.state.gpr[RCX] = cpu.state.tscAux[0] & LOW_32;
  return value;
};

/** RDPMC: there are no performance counters, so every ECX is out of range. */
export const readPmc: SystemFunction = (cpu) => cpu.raise(Vector.GP, 0);
