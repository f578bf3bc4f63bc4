// A 64-bit result over EDX:EAX.

import type { Cpu } from '../cpu.ts';
import { LOW_32 } from './helper.ts';

const RAX = 0;
const RDX = 2;

/** Stores the halves; the upper halves of RDX and RAX become 0. */
export function writeEdxEax(cpu: Cpu, value: bigint): void {
  cpu.state.gpr[RAX] = value & LOW_32;
  cpu.state.gpr[RDX] = BigInt.asUintN(64, value) >> 32n;
}
