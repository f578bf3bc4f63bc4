// Loading segment registers: data and stack segments with all checks (SDM vol. 2, MOV; vol. 3, "Privilege Level Checking
// When Accessing Data Segments"), and the plain setters that far transfers use after checks of their own.

import { Request } from '../../base/request.ts';
import { Seg } from '../../base/state/vcpu.ts';
import { SegAttr } from '../arch/segment-attributes.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { baseOf, isNull, isReadable, isWritableData, limitOf, markAccessed, readDescriptor } from './descriptor.ts';
import type { Descriptor } from './descriptor.ts';
import { is64Bit, isProtected, isVirtual8086, narrow } from './helper.ts';

/** Bits of `interruptibility`. */
export const Blocking = { STI: 1, MOV_SS: 2, NMI: 8 } as const;

/** Puts a descriptor in a segment register. The caller marks it in memory, and re-derives what follows from it. */
export function setSegment(cpu: Cpu, segment: number, selector: number, d: Descriptor): void {
  const { state } = cpu;
  state.segSelector[segment] = selector;
  state.segBase[segment] = BigInt(baseOf(d));
  state.segLimit[segment] = limitOf(d);
  state.segAttributes[segment] = d.attributes | SegAttr.ACCESSED;
}

/**
 * Loads a null selector: the register becomes unusable, and its base 0. FS and GS lose their base in 64-bit mode too, as on Intel's
 * processors (AMD's kept it before Zen 3). `dpl` matters for SS, whose DPL is the CPL.
 */
export function setNullSegment(cpu: Cpu, segment: number, selector: number, dpl = 0): void {
  const { state } = cpu;
  state.segSelector[segment] = selector;
  state.segBase[segment] = 0n;
  state.segLimit[segment] = 0;
  state.segAttributes[segment] = SegAttr.UNUSABLE | (dpl << SegAttr.DPL_SHIFT);
}

/**
 * Takes away a data segment that the new level or mode may not use: its selector becomes 0, and it becomes unusable. Nothing is
 * loaded, so the base stays, and with it what FS and GS mean in 64-bit mode. SDM vol. 2, RET and IRET: only the selector is written.
 * 64-bit kernels return to user mode with null selectors and bases of their own.
 */
export function invalidateSegment({ state }: Cpu, segment: number): void {
  state.segSelector[segment] = 0;
  state.segAttributes[segment] |= SegAttr.UNUSABLE;
}

const READ_WRITE_DATA = 0x93;
const REAL_MODE_LIMIT = 0xffff;

/**
 * The base is 16 times the selector. In real-address mode limit and rights stay, as protected mode may have left them (SDM
 * vol. 3, "Switching Back to Real-Address Mode"), but an unusable segment becomes usable. In virtual-8086 mode all segments
 * are 64 KiB of data of level 3 (SDM vol. 3, "Checks on Guest Segment Registers").
 */
export function setRealModeSegment(cpu: Cpu, segment: number, selector: number): void {
  const { segSelector, segBase, segLimit, segAttributes } = cpu.state;
  segSelector[segment] = selector;
  segBase[segment] = BigInt(selector * 16);
  if (!isVirtual8086(cpu) && !(segAttributes[segment] & SegAttr.UNUSABLE)) return;
  segLimit[segment] = REAL_MODE_LIMIT;
  segAttributes[segment] = READ_WRITE_DATA | (isVirtual8086(cpu) ? 3 << SegAttr.DPL_SHIFT : 0);
}

/** Puts code descriptor `d` in CS with RPL = `cpl`; the accessed bit must have been probed. */
export function setCodeSegment(cpu: Cpu, d: Descriptor, cpl: number): void {
  markAccessed(cpu, d);
  setSegment(cpu, Seg.CS, (d.selector & 0xfffc) | cpl, d);
}

/** A stack selector's descriptor, after the checks that every load of SS makes. They raise `vector`, or #SS if it is not present. */
export function checkStackSegment(cpu: Cpu, selector: number, cpl: number, vector: number, ext = 0): Descriptor {
  const d = readDescriptor(cpu, selector, vector, ext);
  const code = (selector & 0xfffc) | ext;
  if ((selector & 3) !== cpl || !isWritableData(d) || d.dpl !== cpl) cpu.raise(vector, code);
  if (!d.present) cpu.raise(Vector.SS, code);
  return d;
}

/** SDM vol. 2, MOV: "loads SS and inhibits all interrupts until after the execution of the next instruction"; LSS does not. */
function shadowAfterStackLoad(cpu: Cpu): void {
  cpu.state.interruptibility[0] |= Blocking.MOV_SS;
  cpu.request(Request.EVENT);
}

function loadStackSegment(cpu: Cpu, selector: number): void {
  if (isNull(selector)) {
    // A null SS is for 64-bit mode at CPL 0 to 2, with RPL = CPL.
    if (!is64Bit(cpu) || cpu.cpl === 3 || (selector & 3) !== cpu.cpl) cpu.raise(Vector.GP, 0);
    setNullSegment(cpu, Seg.SS, selector, cpu.cpl);
    return;
  }
  const d = checkStackSegment(cpu, selector, cpu.cpl, Vector.GP);
  markAccessed(cpu, d);
  setSegment(cpu, Seg.SS, selector, d);
}

function loadDataSegment(cpu: Cpu, segment: number, selector: number): void {
  if (isNull(selector)) {
    setNullSegment(cpu, segment, selector);
    return;
  }
  const d = readDescriptor(cpu, selector, Vector.GP);
  const privileged = !d.conforming && (d.dpl < cpu.cpl || d.dpl < (selector & 3));
  if (!isReadable(d) || privileged) cpu.raise(Vector.GP, selector & 0xfffc);
  if (!d.present) cpu.raise(Vector.NP, selector & 0xfffc);
  markAccessed(cpu, d);
  setSegment(cpu, segment, selector, d);
}

/** LDS and its kin: x = selector, y = segment register. */
export const loadPointerSegment = narrow((cpu, _i, x, segment) => {
  const selector = x & 0xffff;
  if (segment === Seg.CS || segment > Seg.GS) cpu.raise(Vector.UD);
  if (!isProtected(cpu)) setRealModeSegment(cpu, segment, selector);
  else if (segment === Seg.SS) loadStackSegment(cpu, selector);
  else loadDataSegment(cpu, segment, selector);
  cpu.refresh();
  return 0;
});

/** MOV Sreg and POP Sreg: the same. */
export const loadSegment = narrow((cpu, i, x, segment) => {
  loadPointerSegment.narrow(cpu, i, x, segment);
  if (segment === Seg.SS) shadowAfterStackLoad(cpu);
  return 0;
});

/** i.src is the segment register. */
export const readSegment = narrow((cpu, i) => cpu.state.segSelector[i.src.reg]);

/**
 * On return to an outer level: null selectors lose their RPL, and segments that the outer level may not use go (SDM vol. 2, RET
 * and IRET).
 */
export function dropInnerSegments(cpu: Cpu, cpl: number): void {
  const { segAttributes, segSelector } = cpu.state;
  for (const segment of [Seg.ES, Seg.FS, Seg.GS, Seg.DS]) {
    const attributes = segAttributes[segment];
    const conforming = (attributes & SegAttr.CODE) !== 0 && (attributes & SegAttr.CONFORMING) !== 0;
    const dpl = (attributes >>> SegAttr.DPL_SHIFT) & 3;
    if (isNull(segSelector[segment]) || (!conforming && dpl < cpl)) invalidateSegment(cpu, segment);
  }
}
