// A processor over 4 MiB of real guest memory, with descriptor tables, a TSS and stacks laid out, and calls to one system
// helper at a time.

import { expect } from 'vitest';
import { LinearMemory } from '../../src/base/linear-memory.ts';
import { planRegions } from '../../src/base/state/regions.ts';
import { saveBlock } from '../../src/base/state/table.ts';
import type { SavedBlock } from '../../src/base/state/table.ts';
import { Seg, VCPU_STATE } from '../../src/base/state/vcpu.ts';
import { viewsOf } from '../../src/base/state/table.ts';
import type { Insn, Operand, Size } from '../../src/cpu/builder/insn.ts';
import { CR0, CR4, EFER } from '../../src/cpu/arch/control-bits.ts';
import { Cpu } from '../../src/cpu/cpu.ts';
import type { CpuHost } from '../../src/cpu/host.ts';
import { cpuRegions } from '../../src/cpu/regions.ts';
import { resetVcpu } from '../../src/cpu/reset.ts';
import { SYSTEM } from '../../src/cpu/system/index.ts';
import type { SystemHelper } from '../../src/cpu/builder/helpers.ts';
import { createMmu } from '../../src/mmu/create.ts';
import type { Mmu } from '../../src/mmu/create.ts';
import { mmuRegions } from '../../src/mmu/regions.ts';

export const MIB = 0x100000;

/** Where things lie; linear is physical. */
export const AT = {
  GDT: 0x1000,
  IDT: 0x2000,
  TSS: 0x3000,
  LDT: 0x3800,
  CODE: 0x5000,
  HANDLERS: 0x6000,
  STACK0: 0x8000,
  STACK3: 0x9000,
  IST1: 0xa000,
  PML4: 0x10000,
  PDPT: 0x11000,
  PD: 0x12000,
} as const;
/** Not mapped in long mode; beyond it neither. */
export const UNMAPPED = 2 * MIB;

/** Selectors in the GDT. */
// biome-ignore format: a table
export const SEL = {
  CODE0: 0x08, DATA0: 0x10, CODE3: 0x1b, DATA3: 0x23, CODE64: 0x28, CODE64_3: 0x3b, TSS: 0x40, LDT: 0x50, CONFORMING: 0x60,
  ABSENT_CODE: 0x68,  ABSENT_DATA: 0x70, GATE: 0x78, READ_ONLY: 0x88, LD: 0x98, EXECUTE_ONLY: 0xa0, GATE16: 0xa8, TASK_GATE: 0xb0, 
  SHORT_CODE: 0xb8, CONFORMING64: 0xc0,  CODE1: 0xc9, DATA1: 0xd1, FREE: 0xd8, OUTSIDE: 0x1000,
} as const;

interface DescriptorFields {
  type: number;
  base?: number;
  limit?: number;
  dpl?: number;
  system?: boolean;
  present?: boolean;
  long?: boolean;
  big?: boolean;
  pages?: boolean;
}

/** Eight bytes of a segment descriptor; flat 4 GiB by default. */
export function segment(fields: DescriptorFields): bigint {
  const { base = 0, limit = 0xfffff, type, dpl = 0, system = false, present = true, long = false, big = !long, pages = true } = fields;
  const attributes = type | (system ? 0 : 16) | (dpl << 5) | (present ? 128 : 0);
  const flags = (long ? 2 : 0) | (big ? 4 : 0) | (pages ? 8 : 0);
  const high = ((base & 0xff000000) | (flags << 20) | (limit & 0xf0000) | (attributes << 8) | ((base >>> 16) & 0xff)) >>> 0;
  return (BigInt(high) << 32n) | BigInt((((base & 0xffff) << 16) | (limit & 0xffff)) >>> 0);
}

/** Eight bytes of a gate: the whole of it in legacy mode, the first half in long mode. */
export function gate(selector: number, offset: number, type: number, { dpl = 0, present = true, low = 0 } = {}): bigint {
  const high = ((offset & 0xffff0000) | ((present ? 0x80 : 0) << 8) | (dpl << 13) | (type << 8) | low) >>> 0;
  return (BigInt(high) << 32n) | BigInt(((selector << 16) | (offset & 0xffff)) >>> 0);
}

export class TestHost implements CpuHost {
  ticks = 1000n;
  pending: number | null = null;
  acknowledged: number[] = [];
  readonly ports = new Map<number, number>();
  readonly written: [number, number, number][] = [];
  readPort(port: number): number | null {
    return this.ports.get(port) ?? null;
  }
  writePort(port: number, width: number, value: number): boolean {
    if (!this.ports.has(port)) return false;
    this.written.push([port, width, value]);
    return true;
  }
  readMmio(): number | null {
    return null;
  }
  writeMmio(): boolean {
    return false;
  }
  tsc(): number {
    return Number(this.ticks);
  }
  interruptPending(): boolean {
    return this.pending !== null;
  }
  acknowledgeInterrupt(): number {
    const vector = this.pending!;
    this.acknowledged.push(vector);
    this.pending = null;
    return vector;
  }
}

export class Rig {
  readonly host = new TestHost();
  readonly linear: LinearMemory;
  readonly mmu: Mmu;
  readonly cpu: Cpu;

  constructor() {
    const shape = { vcpus: 1, gfnLimit: (4 * MIB) / 4096, ramBytes: 4 * MIB };
    const plan = planRegions([...cpuRegions(shape), ...mmuRegions(shape)]);
    this.linear = LinearMemory.create(plan.total.bytes, false);
    const block = plan.vcpu!.offset;
    this.mmu = createMmu(this.linear, plan, shape, 'none', [viewsOf(VCPU_STATE, this.linear, block)]);
    this.mmu.physical.addMemslot({ slot: 0, guestPhysAddr: 0, memorySize: 4 * MIB });
    this.cpu = new Cpu(0, this.linear, block, this.mmu.vcpus[0]!, this.host, { on: null });
    resetVcpu(this.cpu);
  }

  private offset(at: number): number {
    return this.mmu.physical.hostOffset(at);
  }
  set64(at: number, value: bigint): void {
    this.linear.view.setBigUint64(this.offset(at), BigInt.asUintN(64, value), true);
  }
  get64(at: number): bigint {
    return this.linear.view.getBigUint64(this.offset(at), true);
  }
  set32(at: number, value: number): void {
    this.linear.view.setUint32(this.offset(at), value, true);
  }
  get32(at: number): number {
    return this.linear.view.getUint32(this.offset(at), true);
  }
  set16(at: number, value: number): void {
    this.linear.view.setUint16(this.offset(at), value, true);
  }
  get16(at: number): number {
    return this.linear.view.getUint16(this.offset(at), true);
  }
  get8(at: number): number {
    return this.linear.u8[this.offset(at)];
  }
  code(at: number, ...bytes: number[]): void {
    this.linear.u8.set(bytes, this.offset(at));
  }

  descriptor(selector: number, value: bigint): void {
    this.set64(AT.GDT + (selector & 0xfff8), value);
  }

  get state(): Cpu['state'] {
    return this.cpu.state;
  }
  selector(register: number): number {
    return this.state.segSelector[register];
  }
  get rsp(): number {
    return Number(BigInt.asIntN(64, this.state.gpr[4]));
  }

  /** The handler of vector v is at HANDLERS + 16 v. */
  handler(vector: number): number {
    return AT.HANDLERS + 16 * vector;
  }

  /** One doubleword or quadword of the stack, counted from its top. */
  word(n: number, size: 4 | 8 = this.cpu.longMode ? 8 : 4): number {
    const at = this.rsp + n * size;
    return size === 8 ? Number(BigInt.asIntN(64, this.get64(at))) : this.get32(at);
  }

  /** Calls a helper as the instruction of 2 bytes at CODE; a fault comes back as [vector, error code], with the state unchanged. */
  call(helper: SystemHelper, insn: Partial<Insn> = {}, x = 0n, y = 0n): { value: bigint; fault: readonly [number, number | null] | null } {
    const { cpu } = this;
    cpu.rip = AT.CODE;
    cpu.nextRip = AT.CODE + 2;
    const before = this.registers();
    try {
      return { value: SYSTEM[helper](cpu, instruction(insn), x, y), fault: null };
    } catch (signal) {
      if (signal !== cpu.faultSignal) throw signal;
      expect(this.registers()).toEqual(before);
      expect(cpu.nextRip).toBe(AT.CODE + 2);
      return { value: 0n, fault: [cpu.fault.vector, cpu.fault.errorCode] };
    }
  }

  /** The saved state without what a faulting instruction may change: DR6.BD, blocking by NMI. */
  private registers(): SavedBlock {
    const { dr: _dr, interruptibility: _blocking, ...rest } = saveBlock(VCPU_STATE, this.state);
    return rest;
  }

  /** Loads a segment register from its GDT entry, unchecked. */
  load(register: number, selector: number): void {
    const { state } = this;
    const value = this.get64(AT.GDT + (selector & 0xfff8));
    const low = Number(value & 0xffffffffn);
    const high = Number(value >> 32n);
    const attributes = (high >>> 8) & 0xf0ff;
    const limit = (low & 0xffff) | (high & 0xf0000);
    state.segSelector[register] = selector;
    state.segBase[register] = BigInt(((low >>> 16) | ((high & 0xff) << 16) | (high & 0xff000000)) >>> 0);
    state.segLimit[register] = (attributes & 0x8000 ? (limit << 12) | 0xfff : limit) >>> 0;
    state.segAttributes[register] = attributes | (register < 6 ? 1 : 0);
  }
}

const NO_ADDRESS = { base: -1, index: -1, scale: 1, displacement: 0, segment: Seg.DS } as const;
const NO_OPERAND: Operand = { kind: 0, size: 4, reg: 0, imm: 0, imm64: 0n, address: NO_ADDRESS };

export const operand = (fields: Partial<Operand>): Operand => ({ ...NO_OPERAND, ...fields });

export function instruction(fields: Partial<Insn>): Insn {
  return {
    mnemonic: 'NOP',
    length: 2,
    mode: 4,
    size: 4,
    addressSize: 4,
    stackSize: 4,
    dst: NO_OPERAND,
    src: NO_OPERAND,
    third: NO_OPERAND,
    lock: false,
    rep: 0,
    cc: 0,
    fop: 0,
    displacement: 0,
    alignment: 1,
    ...fields,
  };
}

/** A register operand as source and destination both: for the CR and DR helpers. */
export const register = (reg: number, size: Size = 4): Partial<Insn> => ({ size, src: operand({ reg }), dst: operand({ reg }) });

function tables(rig: Rig): void {
  const code = 0x0b - 1;
  const data = 0x03 - 1;
  rig.descriptor(SEL.CODE0, segment({ type: code }));
  rig.descriptor(SEL.DATA0, segment({ type: data }));
  rig.descriptor(SEL.CODE3, segment({ type: code, dpl: 3 }));
  rig.descriptor(SEL.DATA3, segment({ type: data, dpl: 3 }));
  rig.descriptor(SEL.CODE64, segment({ type: code, long: true }));
  rig.descriptor(SEL.CODE64_3, segment({ type: code, dpl: 3, long: true }));
  rig.descriptor(SEL.TSS, segment({ type: 9, system: true, base: AT.TSS, limit: 0x2ff, pages: false, big: false }));
  rig.descriptor(SEL.LDT, segment({ type: 2, system: true, base: AT.LDT, limit: 0x1f, pages: false, big: false }));
  rig.descriptor(SEL.CONFORMING, segment({ type: code | 4 }));
  rig.descriptor(SEL.CONFORMING64, segment({ type: code | 4, long: true }));
  rig.descriptor(SEL.ABSENT_CODE, segment({ type: code, present: false }));
  rig.descriptor(SEL.ABSENT_DATA, segment({ type: data, present: false }));
  rig.descriptor(SEL.READ_ONLY, segment({ type: 0 }));
  rig.descriptor(SEL.LD, segment({ type: code, long: true, big: true }));
  rig.descriptor(SEL.EXECUTE_ONLY, segment({ type: 8 }));
  rig.descriptor(SEL.TASK_GATE, gate(SEL.TSS, 0, 5, { dpl: 3 }));
  rig.descriptor(SEL.SHORT_CODE, segment({ type: code, limit: 0xfff, pages: false }));
  rig.descriptor(SEL.CODE1, segment({ type: code, dpl: 1 }));
  rig.descriptor(SEL.DATA1, segment({ type: data, dpl: 1 }));
  rig.state.gdtrBase[0] = BigInt(AT.GDT);
  rig.state.gdtrLimit[0] = 0xff;
  rig.state.idtrBase[0] = BigInt(AT.IDT);
}

/** 64 interrupt gates; from vector 48 on for level 3 too. */
function fillIdt(rig: Rig, bytes: 8 | 16, selector: number): void {
  rig.state.idtrLimit[0] = bytes * 64 - 1;
  for (let vector = 0; vector < 64; vector++) {
    rig.set64(AT.IDT + bytes * vector, gate(selector, rig.handler(vector), 14, { dpl: vector >= 48 ? 3 : 0 }));
  }
}

/** 32-bit protected mode without paging, flat, at level `cpl`. */
export function protectedMode(cpl: 0 | 3 = 0): Rig {
  const rig = new Rig();
  const { state } = rig;
  tables(rig);
  state.cr0[0] = CR0.PE | CR0.ET;
  fillIdt(rig, 8, SEL.CODE0);
  rig.set32(AT.TSS + 4, AT.STACK0);
  rig.set16(AT.TSS + 8, SEL.DATA0);
  rig.set32(AT.TSS + 12, AT.STACK0 - 0x400);
  rig.set16(AT.TSS + 16, SEL.DATA1);
  enter(rig, cpl, cpl === 3 ? SEL.CODE3 : SEL.CODE0);
  return rig;
}

/** 64-bit mode at level `cpl`; the first 2 MiB mapped for all levels. `compat`: 32-bit code instead. */
export function longMode(cpl: 0 | 3 = 0, { compat = false } = {}): Rig {
  const rig = new Rig();
  const { state } = rig;
  tables(rig);
  rig.set64(AT.PML4, BigInt(AT.PDPT) | 7n);
  // The highest canonical 512 GiB share the tables.
  rig.set64(AT.PML4 + 8 * 511, BigInt(AT.PDPT) | 7n);
  rig.set64(AT.PDPT, BigInt(AT.PD) | 7n);
  rig.set64(AT.PD, 0x87n);
  state.cr3[0] = BigInt(AT.PML4);
  state.cr4[0] = CR4.PAE;
  state.efer[0] = EFER.LME | EFER.LMA | EFER.SCE;
  state.cr0[0] = CR0.PE | CR0.PG | CR0.ET | CR0.WP;
  fillIdt(rig, 16, SEL.CODE64);
  rig.set64(AT.TSS + 4, BigInt(AT.STACK0));
  rig.set64(AT.TSS + 36, BigInt(AT.IST1));
  enter(rig, cpl, compat ? (cpl === 3 ? SEL.CODE3 : SEL.CODE0) : cpl === 3 ? SEL.CODE64_3 : SEL.CODE64);
  return rig;
}

function enter(rig: Rig, cpl: 0 | 3, code: number): void {
  const { state } = rig;
  rig.load(Seg.CS, code);
  const data = cpl === 3 ? SEL.DATA3 : SEL.DATA0;
  for (const register of [Seg.ES, Seg.SS, Seg.DS, Seg.FS, Seg.GS]) rig.load(register, data);
  rig.load(Seg.TR, SEL.TSS);
  state.segAttributes[Seg.TR] |= 2;
  rig.load(Seg.LDTR, SEL.LDT);
  state.gpr[4] = BigInt(cpl === 3 ? AT.STACK3 : AT.STACK0);
  state.rip[0] = BigInt(AT.CODE);
  rig.cpu.enterGuest();
}
