// GDTR, IDTR, LDTR and TR (SDM vol. 2, LGDT/LIDT, LLDT, LTR, SGDT, SIDT, SLDT, STR).

import { Access } from '../../mmu/vcpu-mmu.ts';
import { Seg } from '../../base/state/vcpu.ts';
import { SegAttr } from '../arch/segment-attributes.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import {
  IMPLICIT,
  NO_SEGMENT,
  SystemType,
  baseOf,
  findDescriptor,
  isNull,
  isWholeInTable,
  limitOf,
  readUpperHalf,
  storeTypeByte,
} from './descriptor.ts';
import type { Descriptor } from './descriptor.ts';
import { LOW_32, is64Bit, isCanonical, preventUserMode, requireCanonical, requireCpl0, requireProtectedMode } from './helper.ts';
import type { SystemFunction } from './helper.ts';
import { setNullSegment, setSegment } from './segments.ts';

/** In 64-bit mode all of the base; else 32 bits, or 24 with a 16-bit operand size. */
function tableBase(cpu: Cpu, size: number, base: bigint): bigint {
  if (!is64Bit(cpu)) return base & (size === 2 ? 0xffffffn : LOW_32);
  requireCanonical(cpu, base);
  return base;
}

/** x = base, y = limit. */
export const loadGdt: SystemFunction = (cpu, i, x, y) => {
  requireCpl0(cpu);
  cpu.state.gdtrBase[0] = tableBase(cpu, i.size, x);
  cpu.state.gdtrLimit[0] = Number(y & 0xffffn);
  return 0n;
};

export const loadIdt: SystemFunction = (cpu, i, x, y) => {
  requireCpl0(cpu);
  cpu.state.idtrBase[0] = tableBase(cpu, i.size, x);
  cpu.state.idtrLimit[0] = Number(y & 0xffffn);
  return 0n;
};

const reader =
  (read: (cpu: Cpu) => bigint): SystemFunction =>
  (cpu) => {
    preventUserMode(cpu);
    return read(cpu);
  };

export const gdtBase = reader((cpu) => cpu.state.gdtrBase[0]);
export const gdtLimit = reader((cpu) => BigInt(cpu.state.gdtrLimit[0]));
export const idtBase = reader((cpu) => cpu.state.idtrBase[0]);
export const idtLimit = reader((cpu) => BigInt(cpu.state.idtrLimit[0]));

const selectorReader =
  (segment: number): SystemFunction =>
  (cpu) => {
    requireProtectedMode(cpu);
    preventUserMode(cpu);
    return BigInt(cpu.state.segSelector[segment]);
  };

export const storeLdt = selectorReader(Seg.LDTR);
export const storeTaskRegister = selectorReader(Seg.TR);

/** Base of an LDT or TSS descriptor, which has 16 bytes in long mode; #GP(selector) if it does not end in the table. */
function systemBase(cpu: Cpu, d: Descriptor): bigint {
  if (!cpu.longMode) return BigInt(baseOf(d));
  const code = d.selector & 0xfffc;
  if (!isWholeInTable(cpu, d)) cpu.raise(Vector.GP, code);
  const [upperBase, upperType] = readUpperHalf(cpu, d);
  const base = (BigInt(upperBase) << 32n) | BigInt(baseOf(d));
  if (upperType & 0x1f00 || !isCanonical(base)) cpu.raise(Vector.GP, code);
  return base;
}

/** The descriptor of a selector that must be in the GDT and have one of `types`. */
function gdtDescriptor(cpu: Cpu, selector: number, types: readonly number[]): Descriptor {
  const code = selector & 0xfffc;
  const d = selector & 4 ? null : findDescriptor(cpu, selector);
  if (d === null || !d.system || !types.includes(d.type)) return cpu.raise(Vector.GP, code);
  return d;
}

/** LLDT: x = selector. */
export const loadLdt: SystemFunction = (cpu, _i, x) => {
  requireProtectedMode(cpu);
  requireCpl0(cpu);
  const selector = Number(x & 0xffffn);
  if (isNull(selector)) {
    setNullSegment(cpu, Seg.LDTR, selector);
    return 0n;
  }
  const d = gdtDescriptor(cpu, selector, [SystemType.LDT]);
  const base = systemBase(cpu, d);
  if (!d.present) cpu.raise(Vector.NP, selector & 0xfffc);
  setSegment(cpu, Seg.LDTR, selector, d);
  // setSegment sets the accessed bit, which a system type does not have.
  cpu.state.segAttributes[Seg.LDTR] = d.attributes;
  cpu.state.segBase[Seg.LDTR] = base;
  return 0n;
};

/** LTR: x = selector. The TSS becomes busy, in memory too. */
export const loadTaskRegister: SystemFunction = (cpu, _i, x) => {
  requireProtectedMode(cpu);
  requireCpl0(cpu);
  const selector = Number(x & 0xffffn);
  if (isNull(selector)) cpu.raise(Vector.GP, 0);
  const d = gdtDescriptor(cpu, selector, cpu.longMode ? [SystemType.TSS] : [SystemType.TSS, SystemType.TSS16]);
  const base = systemBase(cpu, d);
  if (!d.present) cpu.raise(Vector.NP, selector & 0xfffc);
  cpu.memory.probe(d.linear + 5, 1, Access.WRITE, NO_SEGMENT, IMPLICIT);
  const busy = d.attributes | 2;
  storeTypeByte(cpu, d, busy & 0xff);
  const { state } = cpu;
  state.segSelector[Seg.TR] = selector;
  state.segBase[Seg.TR] = base;
  state.segLimit[Seg.TR] = limitOf(d);
  state.segAttributes[Seg.TR] = busy & ~SegAttr.UNUSABLE;
  return 0n;
};
