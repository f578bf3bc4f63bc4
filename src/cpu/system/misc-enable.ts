// IA32_MISC_ENABLE (SDM vol. 4, "Architectural MSRs"): which bits there are, what a write accepts, and what the rest of the
// processor looks at. Bits of what this processor has not (thermal control, SpeedStep, MONITOR, xTPR) are kept and mean nothing.

import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';

/** Limits CPUID's basic leaves to 2, for Windows NT 4. */
const LIMIT_CPUID = 1n << 22n;
/** XD is reported absent, and IA32_EFER.NXE cannot be set. One that is set already stays. */
const DISABLE_XD = 1n << 34n;
/** Fast strings; automatic thermal control; SpeedStep; MONITOR; the CPUID limit; xTPR messages; XD. */
const WRITABLE = 1n | (1n << 3n) | (1n << 16n) | (1n << 18n) | LIMIT_CPUID | (1n << 23n) | DISABLE_XD;
/** Performance monitoring (7) is not available, branch trace storage (11) and PEBS (12) are unavailable. Writes leave them. */
const READ_ONLY = (1n << 7n) | (1n << 11n) | (1n << 12n);
const LIMITED_LEAF = 2;

/** After RESET: fast strings are on; neither branch trace storage nor PEBS. */
export const MISC_ENABLE_RESET = 1n | (1n << 11n) | (1n << 12n);

/** WRMSR: #GP(0) on a reserved bit. */
export function writeMiscEnable(cpu: Cpu, value: bigint): void {
  if (value & ~(WRITABLE | READ_ONLY)) cpu.raise(Vector.GP, 0);
  const { miscEnable } = cpu.state;
  miscEnable[0] = (miscEnable[0] & READ_ONLY) | (value & WRITABLE);
}

/** The highest basic leaf that CPUID shows. `highest` is the highest there is. */
export const highestBasicLeaf = (cpu: Cpu, highest: number): number => (cpu.state.miscEnable[0] & LIMIT_CPUID ? LIMITED_LEAF : highest);

export const isXdDisabled = (cpu: Cpu): boolean => (cpu.state.miscEnable[0] & DISABLE_XD) !== 0n;
