// Breakpoints of the debug registers (SDM vol. 3, "Debug Registers", "Breakpoint Field Recognition"): which of DR0 to DR3 an
// instruction, an access or a port matches. Only asked while DR7 enables one (cpu.breakpoints).

import { Seg } from '../base/state/vcpu.ts';
import { CodeMode } from './builder/insn.ts';
import { CR4 } from './arch/control-bits.ts';
import type { CpuState } from './state/cpu-state.ts';

/** R/W field of DR7. */
const Kind = { EXECUTE: 0, WRITE: 1, IO: 2, READ_WRITE: 3 } as const;
/** Bytes by the LEN field. */
const LENGTHS = [1, 2, 8, 4] as const;
const FIELDS_SHIFT = 16n;
const FIELDS_BITS = 4n;

/**
 * Which enabled breakpoints of `kinds` overlap `bytes` bytes at `address`, a linear address or a port: a bit for each. All of DRn
 * counts: one with bits 63:32 set matches no address outside 64-bit mode. A breakpoint that is not enabled is not reported (SDM
 * vol. 3, "Debug Status Register (DR6)", leaves that open).
 */
function matching({ state: { dr } }: CpuState, kinds: readonly number[], address: number, bytes: number): number {
  let hits = 0;
  for (let n = 0; n < 4; n++) {
    if (((dr[7] >> BigInt(2 * n)) & 3n) === 0n) continue;
    const fields = Number((dr[7] >> (FIELDS_SHIFT + FIELDS_BITS * BigInt(n))) & 15n);
    if (!kinds.includes(fields & 3)) continue;
    const length = LENGTHS[fields >> 2];
    const start = Number(BigInt.asIntN(64, dr[n] & ~BigInt(length - 1)));
    if (address < start + length && start < address + bytes) hits |= 1 << n;
  }
  return hits;
}

/** B3 to B0 for the instruction at cpu.rip: its first byte counts. */
export function instructionBreakpoints(cpu: CpuState): number {
  const linear = cpu.mode === CodeMode.BITS64 ? cpu.rip : (cpu.rip + cpu.base[Seg.CS]) % 0x100000000;
  return matching(cpu, [Kind.EXECUTE], linear, 1);
}

/** Notes the breakpoints that an access meets; the trap follows the instruction. Outside 64-bit mode it goes on at 0 past 4 GiB. */
export function noteDataAccess(cpu: CpuState, linear: number, bytes: number, write: boolean): void {
  const kinds = write ? [Kind.WRITE, Kind.READ_WRITE] : [Kind.READ_WRITE];
  cpu.breakpointHits |= matching(cpu, kinds, linear, bytes);
  const past = cpu.mode === CodeMode.BITS64 ? 0 : linear + bytes - 0x100000000;
  if (past > 0) cpu.breakpointHits |= matching(cpu, kinds, 0, past);
}

/** The same for a port; R/W = 10B means I/O only with CR4.DE. */
export function notePortAccess(cpu: CpuState, port: number, width: number): void {
  if (cpu.state.cr4[0] & CR4.DE) cpu.breakpointHits |= matching(cpu, [Kind.IO], port, width);
}
