// The task-state segment as it lies in memory (SDM vol. 3, "Task-State Segment (TSS)", "16-Bit Task-State Segment (TSS)"): where
// each register is, reading a whole task, and writing what a task switch saves.

import { Seg } from '../../base/state/vcpu.ts';
import { Access } from '../../mmu/vcpu-mmu.ts';
import { SegAttr } from '../arch/segment-attributes.ts';
import type { Cpu } from '../cpu.ts';
import { IMPLICIT, NO_SEGMENT, SystemType } from './descriptor.ts';
import { tableAddress } from './helper.ts';

/** Offsets in bytes. From `ip` to the LDT's selector there is no gap: IP, flags, eight registers, selectors. */
export interface TaskLayout {
  readonly width: 2 | 4;
  readonly leastLimit: number;
  readonly ip: number;
  /** ES, CS, SS, DS and, with 32 bits, FS and GS. */
  readonly selectors: number;
  readonly selectorCount: 4 | 6;
  readonly ldt: number;
}

const TASK16: TaskLayout = { width: 2, leastLimit: 0x2b, ip: 14, selectors: 34, selectorCount: 4, ldt: 42 };
const TASK32: TaskLayout = { width: 4, leastLimit: 0x67, ip: 32, selectors: 72, selectorCount: 6, ldt: 96 };
const CR3 = 28;
const TRAP = 100;
/**
 * The upper halves of a 16-bit task's general registers: ones, in ESP too. The SDM leaves them undefined; this is what models of the
 * processors since the 80386 agree on (Bochs among them), and a task that relies on zeros should fail here as it may there.
 */
const UPPER_ONES = 0xffff0000;

/** The layout for a system type or segment attributes of a TSS. */
export function layoutOf(attributes: number): TaskLayout {
  const type = attributes & SegAttr.TYPE;
  return type === SystemType.TSS16 || type === SystemType.TSS16_BUSY ? TASK16 : TASK32;
}

export interface Task {
  /** null: a 16-bit task keeps the page directory there is. */
  readonly cr3: number | null;
  readonly ip: number;
  readonly flags: number;
  readonly registers: readonly number[];
  /** By segment register; a 16-bit task has null in FS and GS. */
  readonly selectors: readonly number[];
  readonly ldt: number;
  /** A debug trap follows the switch to it. */
  readonly trap: boolean;
}

/** The task in the TSS at `base`, values unsigned. May raise #PF. */
export function readTask(cpu: Cpu, base: bigint, layout: TaskLayout): Task {
  const { width, ip, selectors, selectorCount, ldt } = layout;
  const wide = width === 4;
  const load = (offset: number, size: 2 | 4): number => cpu.memory.load(tableAddress(cpu, base, offset), size, NO_SEGMENT, IMPLICIT) >>> 0;
  const many = (from: number, count: number): number[] => Array.from({ length: count }, (_, n) => load(from + width * n, width));
  const selectorWords = many(selectors, selectorCount).map((word) => word & 0xffff);
  return {
    cr3: wide ? load(CR3, 4) : null,
    ip: load(ip, width),
    flags: load(ip + width, width),
    registers: many(ip + 2 * width, 8).map((value) => (wide ? value : (UPPER_ONES | value) >>> 0)),
    selectors: [...selectorWords, ...(wide ? [] : [0, 0])],
    ldt: load(ldt, 2),
    trap: wide && (load(TRAP, 2) & 1) !== 0,
  };
}

const savedBytes = ({ ip, ldt }: TaskLayout): number => ldt - ip;

/** Faults as `saveTask` would. */
export function probeSave(cpu: Cpu, layout: TaskLayout): void {
  const at = tableAddress(cpu, cpu.state.segBase[Seg.TR], layout.ip);
  cpu.memory.probe(at, savedBytes(layout), Access.WRITE, NO_SEGMENT, IMPLICIT);
}

/** Writes the registers to the current TSS, with `ip` and `flags`; link, stacks, CR3, LDT and the rest are static. */
export function saveTask(cpu: Cpu, layout: TaskLayout, ip: number, flags: number): void {
  const { width, selectorCount } = layout;
  const { gpr, segBase, segSelector } = cpu.state;
  const store = (offset: number, size: 2 | 4, value: number): void =>
    cpu.memory.store(tableAddress(cpu, segBase[Seg.TR], offset), size, size === 2 ? value & 0xffff : value | 0, NO_SEGMENT, IMPLICIT);
  store(layout.ip, width, ip);
  store(layout.ip + width, width, flags);
  for (let reg = 0; reg < 8; reg++) store(layout.ip + width * (2 + reg), width, Number(gpr[reg] & 0xffffffffn));
  // A 32-bit TSS has a doubleword for each selector, of which the processor writes the lower half.
  for (let segment = 0; segment < selectorCount; segment++) store(layout.selectors + width * segment, 2, segSelector[segment]);
}
