// RDMSR and WRMSR (SDM vol. 2). The registers themselves: msr-table.ts.

import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { writeEdxEax } from './edx-eax.ts';
import { LOW_32, requireCpl0 } from './helper.ts';
import type { SystemFunction } from './helper.ts';
import { msrAt } from './msr-table.ts';
import type { Msr } from './msr-table.ts';

const RAX = 0;
const RCX = 1;
const RDX = 2;

const low = (cpu: Cpu, reg: number): bigint => cpu.state.gpr[reg] & LOW_32;

/** The register that ECX names. */
function select(cpu: Cpu): Msr {
  requireCpl0(cpu);
  return msrAt(Number(low(cpu, RCX))) ?? cpu.raise(Vector.GP, 0);
}

/** The value goes to EDX:EAX and is returned. */
export const readMsr: SystemFunction = (cpu) => {
  const value = select(cpu).read(cpu);
  writeEdxEax(cpu, value);
  return value;
};

export const writeMsr: SystemFunction = (cpu) => {
  select(cpu).write(cpu, (low(cpu, RDX) << 32n) | low(cpu, RAX));
  return 0n;
};
