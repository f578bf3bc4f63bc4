// The shape of a system helper, and the checks that several helpers begin with.

import type { Insn } from '../builder/insn.ts';
import { CR4 } from '../arch/control-bits.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { isProtected } from '../state/modes.ts';

export { is64Bit, isProtected, isRealMode, isVirtual8086 } from '../state/modes.ts';

/**
 * A system helper: what an instruction does beyond registers and memory. `x` and `y` are unsigned. At entry cpu.rip is the
 * instruction's address, and cpu.nextRip that of the one after it; a helper that transfers control sets cpu.nextRip. A helper
 * raises by cpu.raise, before it has changed anything. It returns its value, unsigned, or 0n.
 */
export type SystemFunction = (cpu: Cpu, i: Insn, x: bigint, y: bigint) => bigint;

/** A helper whose values have 32 bits at most, as numbers: `x` and `y` are unsigned, and what it returns is taken modulo 2^32. */
export type NarrowFunction = (cpu: Cpu, i: Insn, x: number, y: number) => number;

/** A narrow helper in both forms. */
export function narrow(run: NarrowFunction): SystemFunction & { readonly narrow: NarrowFunction } {
  const wide: SystemFunction = (cpu, i, x, y) => BigInt(run(cpu, i, Number(BigInt.asUintN(32, x)), Number(BigInt.asUintN(32, y))) >>> 0);
  return Object.assign(wide, { narrow: run });
}

/** One that gives two values and changes nothing. */
export type PairFunction = (cpu: Cpu, i: Insn) => readonly [bigint, bigint];

export const LOW_32 = 0xffffffffn;

/** SDM vol. 2, of every privileged instruction: "#GP(0) if the current privilege level is not 0". */
export function requireCpl0(cpu: Cpu): void {
  if (cpu.cpl !== 0) cpu.raise(Vector.GP, 0);
}

/** #UD in real-address and virtual-8086 mode, where LAR, LLDT, ARPL and their kin are not recognised. */
export function requireProtectedMode(cpu: Cpu): void {
  if (!isProtected(cpu)) cpu.raise(Vector.UD);
}

/** SDM vol. 3, "Control Registers", CR4.UMIP: SGDT, SIDT, SLDT, STR and SMSW give #GP(0) above CPL 0. */
export function preventUserMode(cpu: Cpu): void {
  if (cpu.cpl !== 0 && cpu.state.cr4[0] & CR4.UMIP) cpu.raise(Vector.GP, 0);
}

/** Bits 63:47 are all equal. */
export const isCanonical = (address: bigint): boolean => BigInt.asUintN(64, BigInt.asIntN(48, address)) === BigInt.asUintN(64, address);

/** #GP(0) unless `address` is canonical. */
export function requireCanonical(cpu: Cpu, address: bigint): void {
  if (!isCanonical(address)) cpu.raise(Vector.GP, 0);
}

/** A 64-bit address as a signed number; exact when canonical. */
export const toSigned = (address: bigint): number => Number(BigInt.asIntN(64, address));

/** A signed number as an unsigned 64-bit value. */
export const toUnsigned = (n: number): bigint => BigInt.asUintN(64, BigInt(n));

/** A linear address in a system table: `offset` beyond `base`, wrapped as the mode wraps. */
export function tableAddress(cpu: Cpu, base: bigint, offset: number): number {
  return cpu.longMode ? toSigned(base) + offset : (Number(base & LOW_32) + offset) % 0x100000000;
}
