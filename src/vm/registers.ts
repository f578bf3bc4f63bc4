// A vCPU's registers as plain data, as KVM_GET_REGS, KVM_GET_SREGS and KVM_GET_MSRS give them. 64-bit values are unsigned
// bigints.

import { Seg } from '../base/state/vcpu.ts';
import { CR0, CR4, EFER } from '../cpu/arch/control-bits.ts';
import type { Cpu } from '../cpu/cpu.ts';

// biome-ignore format: a table
export const GPR_NAMES = [
  'rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15',
] as const;
/** General registers, by their 64-bit names. */
export type GprName = (typeof GPR_NAMES)[number];

/** General registers, RIP and RFLAGS: unsigned, 64 bits. */
export type Regs = Record<GprName, bigint> & { rip: bigint; rflags: bigint };

/** A segment register with what the processor keeps of its descriptor. */
export interface SegmentRegister {
  /** Selector, 16 bits. */
  readonly selector: number;
  /** Linear address of the first byte. */
  readonly base: bigint;
  /** Bytes, granularity applied. */
  readonly limit: number;
  /** As in the VMCS: see the state table's `segAttributes`. */
  readonly attributes: number;
}

/** GDTR or IDTR. */
export interface TableRegister {
  /** Linear address. */
  readonly base: bigint;
  /** Offset of the table's last byte. */
  readonly limit: number;
}

const SEGMENTS = { es: Seg.ES, cs: Seg.CS, ss: Seg.SS, ds: Seg.DS, fs: Seg.FS, gs: Seg.GS, ldt: Seg.LDTR, tr: Seg.TR } as const;
export const SEGMENT_NAMES = Object.keys(SEGMENTS);
export const TABLE_NAMES = ['gdt', 'idt'] as const;
export const CONTROLS = ['cr0', 'cr2', 'cr3', 'cr4', 'cr8', 'efer'] as const;

/** Segment registers (LDTR and TR among them), control registers, EFER, GDTR and IDTR. */
export type Sregs = { readonly [S in keyof typeof SEGMENTS]: SegmentRegister } & { readonly [C in (typeof CONTROLS)[number]]: bigint } & {
  readonly gdt: TableRegister;
  readonly idt: TableRegister;
};

export function getRegs(cpu: Cpu): Regs {
  const regs = {} as Regs;
  GPR_NAMES.forEach((name, n) => {
    regs[name] = cpu.state.gpr[n];
  });
  regs.rip = cpu.state.rip[0];
  regs.rflags = BigInt(cpu.flags.read());
  return regs;
}

/** Sets the registers that are given. */
export function setRegs(cpu: Cpu, regs: Partial<Regs>): void {
  GPR_NAMES.forEach((name, n) => {
    const value = regs[name];
    if (value !== undefined) cpu.state.gpr[n] = value;
  });
  if (regs.rip !== undefined) {
    if (regs.rip !== cpu.state.rip[0]) cpu.replay.clear();
    cpu.state.rip[0] = regs.rip;
  }
  if (regs.rflags !== undefined) cpu.flags.write(Number(regs.rflags & 0xffffffffn));
}

export function getSregs(cpu: Cpu): Sregs {
  const { state } = cpu;
  const out: Record<string, unknown> = {};
  for (const [name, n] of Object.entries(SEGMENTS)) {
    out[name] = { selector: state.segSelector[n], base: state.segBase[n], limit: state.segLimit[n], attributes: state.segAttributes[n] };
  }
  for (const name of CONTROLS) out[name] = state[name][0];
  out.gdt = { base: state.gdtrBase[0], limit: state.gdtrLimit[0] };
  out.idt = { base: state.idtrBase[0], limit: state.idtrLimit[0] };
  return out as unknown as Sregs;
}

/** Sets what is given, without checks, and flushes the vCPU's TLB. */
export function setSregs(cpu: Cpu, sregs: Partial<Sregs>): void {
  const { state } = cpu;
  for (const [name, n] of Object.entries(SEGMENTS)) {
    const segment = sregs[name as keyof typeof SEGMENTS];
    if (!segment) continue;
    state.segSelector[n] = segment.selector;
    state.segBase[n] = segment.base;
    state.segLimit[n] = segment.limit;
    state.segAttributes[n] = segment.attributes;
  }
  for (const name of CONTROLS) {
    const value = sregs[name];
    if (value !== undefined) state[name][0] = value;
  }
  if (sregs.gdt) {
    state.gdtrBase[0] = sregs.gdt.base;
    state.gdtrLimit[0] = sregs.gdt.limit;
  }
  if (sregs.idt) {
    state.idtrBase[0] = sregs.idt.base;
    state.idtrLimit[0] = sregs.idt.limit;
  }
  cpu.mmu.setControls();
  cpu.mmu.flushAll();
  if (usesPdptes(cpu)) cpu.mmu.loadPdptes(Number(state.cr3[0] & 0xffffffffn));
}

/** PAE paging, whose top level is in registers. */
function usesPdptes({ state }: Cpu): boolean {
  return (state.cr0[0] & CR0.PG) !== 0n && (state.cr4[0] & CR4.PAE) !== 0n && (state.efer[0] & EFER.LMA) === 0n;
}
