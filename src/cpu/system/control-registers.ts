// MOV to and from control registers, SMSW, LMSW, CLTS (SDM vol. 2, "MOV—Move to/from Control Registers"; vol. 3, "Control
// Registers", "Initializing IA-32e Mode"). The rules on bits live in control-rules.ts.

import { CR0, CR4, EFER } from '../arch/control-bits.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { CR0_WRITABLE, PDPTE_CR0, PDPTE_CR4, checkCr0, checkCr4, cr3ReservedBits } from './control-rules.ts';
import { preventUserMode, requireCpl0 } from './helper.ts';
import type { SystemFunction } from './helper.ts';

/** MOV r, CRn: i.src is the register. */
export const readControl: SystemFunction = (cpu, i) => {
  const { state } = cpu;
  const value = ((): bigint => {
    switch (i.src.reg) {
      case 0:
        return state.cr0[0];
      case 2:
        return state.cr2[0];
      case 3:
        return state.cr3[0];
      case 4:
        return state.cr4[0];
      case 8:
        return state.cr8[0];
      default:
        return cpu.raise(Vector.UD);
    }
  })();
  requireCpl0(cpu);
  return BigInt.asUintN(8 * i.size, value);
};

/** MOV CRn, r: i.dst is the register, x the value. */
export const writeControl: SystemFunction = (cpu, i, x) => {
  const { reg } = i.dst;
  if (reg !== 0 && reg !== 2 && reg !== 3 && reg !== 4 && reg !== 8) cpu.raise(Vector.UD);
  requireCpl0(cpu);
  const value = BigInt.asUintN(8 * i.size, x);
  if (reg === 0) writeCr0(cpu, value);
  else if (reg === 2) cpu.state.cr2[0] = value;
  else if (reg === 3) loadPageDirectory(cpu, value);
  else if (reg === 4) writeCr4(cpu, value);
  else writeCr8(cpu, value);
  return 0n;
};

/** Loads the PDPTEs for the given values if PAE paging will be in use and `due`; #GP(0) on a reserved bit in one. */
function loadPdptes(cpu: Cpu, due: boolean, cr0: bigint, cr3: bigint, cr4: bigint): void {
  const paePaging = (cr0 & CR0.PG) !== 0n && (cr4 & CR4.PAE) !== 0n && (cpu.state.efer[0] & EFER.LME) === 0n;
  if (due && paePaging && !cpu.mmu.loadPdptes(Number(cr3 & 0xffffffe0n))) cpu.raise(Vector.GP, 0);
}

function writeCr0(cpu: Cpu, value: bigint): void {
  const { state } = cpu;
  const old = state.cr0[0];
  checkCr0(cpu, value);
  const next = (value & CR0_WRITABLE) | CR0.ET;
  const changed = next ^ old;
  loadPdptes(cpu, (changed & PDPTE_CR0) !== 0n, next, state.cr3[0], state.cr4[0]);
  // IA-32e mode is active exactly while paging is on and EFER.LME is set.
  const active = (next & CR0.PG) !== 0n && (state.efer[0] & EFER.LME) !== 0n;
  state.efer[0] = active ? state.efer[0] | EFER.LMA : state.efer[0] & ~EFER.LMA;
  state.cr0[0] = next;
  takeControlsOver(cpu);
}

/**
 * Loads CR3. All but global translations go (SDM vol. 3, "Operations that Invalidate TLBs"). With CR4.PCIDE bit 63 permits to keep
 * some; none is kept.
 */
export function loadPageDirectory(cpu: Cpu, value: bigint): void {
  const { state } = cpu;
  const pcide = (state.cr4[0] & CR4.PCIDE) !== 0n;
  const next = pcide ? BigInt.asUintN(63, value) : value;
  if (cpu.longMode && next & cr3ReservedBits()) cpu.raise(Vector.GP, 0);
  loadPdptes(cpu, true, state.cr0[0], next, state.cr4[0]);
  state.cr3[0] = next;
  cpu.mmu.setControls();
  cpu.mmu.flushNonGlobal();
}

function writeCr4(cpu: Cpu, value: bigint): void {
  const { state } = cpu;
  checkCr4(cpu, value);
  const changed = state.cr4[0] ^ value;
  loadPdptes(cpu, (changed & PDPTE_CR4) !== 0n, state.cr0[0], state.cr3[0], value);
  state.cr4[0] = value;
  takeControlsOver(cpu);
}

function writeCr8(cpu: Cpu, value: bigint): void {
  if (value > 15n) cpu.raise(Vector.GP, 0);
  cpu.state.cr8[0] = value;
  cpu.noteInterruptWindow();
}

/** setControls flushes every translation when PG, WP, PSE, PAE, PGE, PCIDE, SMEP, SMAP, LMA or NXE changed. */
export function takeControlsOver(cpu: Cpu): void {
  cpu.mmu.setControls();
  cpu.refresh();
}

/** SMSW: CR0. The caller stores i.size bytes of it. */
export const readMachineStatus: SystemFunction = (cpu, i) => {
  preventUserMode(cpu);
  return BigInt.asUintN(8 * i.size, cpu.state.cr0[0]);
};

/** LMSW: bits 3:0 of x; PE can be set but not cleared. */
export const writeMachineStatus: SystemFunction = (cpu, _i, x) => {
  requireCpl0(cpu);
  const old = cpu.state.cr0[0];
  writeCr0(cpu, (old & ~(CR0.MP | CR0.EM | CR0.TS)) | (x & 15n));
  return 0n;
};

export const clearTaskSwitched: SystemFunction = (cpu) => {
  requireCpl0(cpu);
  cpu.state.cr0[0] &= ~CR0.TS;
  return 0n;
};
