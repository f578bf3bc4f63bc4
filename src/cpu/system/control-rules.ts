// Which values CR0, CR3, CR4 and EFER take (SDM vol. 3, "Control Registers", "Paging-Mode Enabling", "Initializing
// IA-32e Mode"). What is absent from CPUID is reserved here.

import { Seg } from '../../base/state/vcpu.ts';
import { CR0, CR4, EFER } from '../arch/control-bits.ts';
import { SegAttr } from '../arch/segment-attributes.ts';
import type { Cpu } from '../cpu.ts';
import { CodeMode } from '../builder/insn.ts';
import { Vector } from '../arch/vectors.ts';
import { SystemType } from './descriptor.ts';
import { isXdDisabled } from './misc-enable.ts';

export const MAXPHYADDR = 40;
export const LINEAR_BITS = 48;

/** ET is hardwired to 1. Bits of CR0 31:0 that are not listed stay clear, and attempts to set them have no effect. */
export const CR0_WRITABLE = CR0.PE | CR0.MP | CR0.EM | CR0.TS | CR0.NE | CR0.WP | CR0.AM | CR0.NW | CR0.CD | CR0.PG;

/** The bits there are; any other is reserved. MCE, OSFXSR, OSXMMEXCPT, LA57 and OSXSAVE belong to absent features. */
export const CR4_VALID =
  CR4.VME | CR4.PVI | CR4.TSD | CR4.DE | CR4.PSE | CR4.PAE | CR4.PGE | CR4.PCE | CR4.UMIP | CR4.FSGSBASE | CR4.PCIDE | CR4.SMEP | CR4.SMAP;

export const EFER_VALID = EFER.SCE | EFER.LME | EFER.LMA | EFER.NXE;

/** SDM vol. 3, "PDPTE Registers": a change of one of these bits loads the PDPTEs. */
export const PDPTE_CR0 = CR0.CD | CR0.NW | CR0.PG;
export const PDPTE_CR4 = CR4.PAE | CR4.PGE | CR4.PSE | CR4.SMEP;

/** Bits of CR3 that must be 0 in 4-level paging. */
export const cr3ReservedBits = (): bigint => BigInt.asUintN(64, -1n << BigInt(MAXPHYADDR));

/** Raises #GP(0) unless CR0 may become `value`. */
export function checkCr0(cpu: Cpu, value: bigint): void {
  const { state } = cpu;
  const has = (bit: bigint): boolean => (value & bit) !== 0n;
  const wasPaging = (state.cr0[0] & CR0.PG) !== 0n;
  const longEnabled = (state.efer[0] & EFER.LME) !== 0n;
  const bad =
    value >> 32n !== 0n ||
    (has(CR0.PG) && !has(CR0.PE)) ||
    (has(CR0.NW) && !has(CR0.CD)) ||
    (has(CR0.PG) && !wasPaging && longEnabled && !mayActivateLongMode(cpu)) ||
    (!has(CR0.PG) && wasPaging && (cpu.mode === CodeMode.BITS64 || (state.cr4[0] & CR4.PCIDE) !== 0n));
  if (bad) cpu.raise(Vector.GP, 0);
}

/** IA-32e mode needs PAE, and neither a 64-bit code segment nor a 16-bit TSS in place. */
function mayActivateLongMode(cpu: Cpu): boolean {
  const { cr4, segAttributes } = cpu.state;
  const tss = segAttributes[Seg.TR] & SegAttr.TYPE;
  const tss16 = tss === SystemType.TSS16 || tss === SystemType.TSS16_BUSY;
  return (cr4[0] & CR4.PAE) !== 0n && !(segAttributes[Seg.CS] & SegAttr.L) && !tss16;
}

/** Raises #GP(0) unless CR4 may become `value`. */
export function checkCr4(cpu: Cpu, value: bigint): void {
  const { cr3, cr4 } = cpu.state;
  const setsPcide = (value & ~cr4[0] & CR4.PCIDE) !== 0n;
  const bad =
    (value & ~CR4_VALID) !== 0n || (cpu.longMode && !(value & CR4.PAE)) || (setsPcide && (!cpu.longMode || (cr3[0] & 0xfffn) !== 0n));
  if (bad) cpu.raise(Vector.GP, 0);
}

/** Raises #GP(0) unless EFER may become `value`: no reserved bit, LME not changed while paging is on, NXE not set where XD is disabled. */
export function checkEfer(cpu: Cpu, value: bigint): void {
  const { cr0, efer } = cpu.state;
  const togglesLme = ((value ^ efer[0]) & EFER.LME) !== 0n;
  const setsNxe = (value & ~efer[0] & EFER.NXE) !== 0n;
  const bad = (value & ~EFER_VALID) !== 0n || (togglesLme && (cr0[0] & CR0.PG) !== 0n) || (setsNxe && isXdDisabled(cpu));
  if (bad) cpu.raise(Vector.GP, 0);
}
