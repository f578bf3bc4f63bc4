// Segment and gate descriptors (SDM vol. 3, "Segment Descriptors", "System Descriptor Types"), parsed to the form in which
// the state block and a VMCS hold segments.
//
//   high  31:24 base 31:24 | 23 G | 22 D/B | 21 L | 20 AVL | 19:16 limit 19:16 | 15 P | 14:13 DPL | 12 S | 11:8 type | 7:0 base 23:16
//   low   31:16 base 15:0 | 15:0 limit 15:0

import { Access } from '../../mmu/vcpu-mmu.ts';
import { Seg } from '../../base/state/vcpu.ts';
import { SegAttr } from '../arch/segment-attributes.ts';
import type { Cpu } from '../cpu.ts';
import { tableAddress } from './helper.ts';

/** TLB context of implicit supervisor-mode accesses: descriptor tables and the TSS (SDM vol. 3, "Access Rights"). */
export const IMPLICIT = 0;
/** Names no segment: a non-canonical address gives #GP(0). */
export const NO_SEGMENT = -1;

/** System descriptor types; the 16-bit ones do not exist in long mode. */
export const SystemType = {
  TSS16: 1,
  LDT: 2,
  TSS16_BUSY: 3,
  CALL_GATE16: 4,
  TASK_GATE: 5,
  INTERRUPT_GATE16: 6,
  TRAP_GATE16: 7,
  TSS: 9,
  TSS_BUSY: 11,
  CALL_GATE: 12,
  INTERRUPT_GATE: 14,
  TRAP_GATE: 15,
} as const;

export interface Descriptor {
  readonly selector: number;
  /** Where it lies. */
  readonly linear: number;
  /** The two doublewords, unsigned. */
  readonly low: number;
  readonly high: number;
  /** As in `segAttributes`. */
  readonly attributes: number;
  readonly type: number;
  readonly dpl: number;
  readonly present: boolean;
  /** S = 0: a system segment or a gate. */
  readonly system: boolean;
  readonly code: boolean;
  readonly conforming: boolean;
}

export function makeDescriptor(selector: number, linear: number, low: number, high: number): Descriptor {
  const attributes = (high >>> 8) & 0xf0ff;
  const system = (attributes & SegAttr.S) === 0;
  const code = !system && (attributes & SegAttr.CODE) !== 0;
  return {
    selector,
    linear,
    low: low >>> 0,
    high: high >>> 0,
    attributes,
    system,
    code,
    type: attributes & SegAttr.TYPE,
    dpl: (attributes >>> SegAttr.DPL_SHIFT) & 3,
    present: (attributes & SegAttr.P) !== 0,
    conforming: code && (attributes & SegAttr.CONFORMING) !== 0,
  };
}

/** Base address of a code, data or (its low 32 bits) system segment. */
export const baseOf = (d: Descriptor): number => ((d.low >>> 16) | ((d.high & 0xff) << 16) | (d.high & 0xff000000)) >>> 0;

/** Limit in bytes, granularity applied. */
export function limitOf(d: Descriptor): number {
  const limit = (d.low & 0xffff) | (d.high & 0xf0000);
  return (d.attributes & SegAttr.G ? (limit << 12) | 0xfff : limit) >>> 0;
}

export const isNull = (selector: number): boolean => (selector & 0xfffc) === 0;

export const isWritableData = (d: Descriptor): boolean => !d.system && !d.code && (d.attributes & SegAttr.WRITABLE) !== 0;

/** Data, or code that may be read. */
export const isReadable = (d: Descriptor): boolean => !d.system && (!d.code || (d.attributes & SegAttr.READABLE) !== 0);

/** The descriptor that a selector names, or null when it lies beyond its table's limit. May raise #PF. */
export function findDescriptor(cpu: Cpu, selector: number): Descriptor | null {
  const { state } = cpu;
  const local = (selector & 4) !== 0;
  if (local && state.segAttributes[Seg.LDTR] & SegAttr.UNUSABLE) return null;
  const offset = selector & 0xfff8;
  if (offset + 7 > (local ? state.segLimit[Seg.LDTR] : state.gdtrLimit[0])) return null;
  const linear = tableAddress(cpu, local ? state.segBase[Seg.LDTR] : state.gdtrBase[0], offset);
  const high = cpu.memory.loadHalves(linear, NO_SEGMENT, IMPLICIT);
  return makeDescriptor(selector, linear, cpu.memory.low, high);
}

/** The descriptor that a selector names. Beyond the limit it raises `vector` with the selector (and `ext`, bit 0) as error code. */
export function readDescriptor(cpu: Cpu, selector: number, vector: number, ext = 0): Descriptor {
  return findDescriptor(cpu, selector) ?? cpu.raise(vector, (selector & 0xfffc) | ext);
}

/** Faults as `markAccessed` would, before anything is loaded. */
export function probeAccessed(cpu: Cpu, d: Descriptor): void {
  if (!d.system && !(d.attributes & SegAttr.ACCESSED)) cpu.memory.probe(d.linear + 5, 1, Access.WRITE, NO_SEGMENT, IMPLICIT);
}

/** Sets the accessed bit in memory; loading a segment register does so (SDM vol. 3, "Code- and Data-Segment Descriptor Types"). */
export function markAccessed(cpu: Cpu, d: Descriptor): void {
  if (!d.system && !(d.attributes & SegAttr.ACCESSED)) storeTypeByte(cpu, d, (d.attributes & 0xff) | SegAttr.ACCESSED);
}

/** Rewrites the byte of a descriptor that holds P, DPL, S and type. */
export function storeTypeByte(cpu: Cpu, d: Descriptor, byte: number): void {
  cpu.memory.store(d.linear + 5, 1, byte, NO_SEGMENT, IMPLICIT);
}

/** Whether a 16-byte system descriptor lies within its table as a whole. */
export function isWholeInTable({ state }: Cpu, d: Descriptor): boolean {
  return (d.selector & 0xfff8) + 15 <= (d.selector & 4 ? state.segLimit[Seg.LDTR] : state.gdtrLimit[0]);
}

/** The upper 8 bytes of a 16-byte system descriptor: [bits 63:32 of base or offset, the doubleword with the upper type]. */
export function readUpperHalf(cpu: Cpu, d: Descriptor): readonly [number, number] {
  const value = cpu.memory.load64(d.linear + 8, NO_SEGMENT, IMPLICIT);
  return [Number(value & 0xffffffffn), Number(value >> 32n)];
}
