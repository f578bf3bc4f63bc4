// Checks on the code segment and the instruction pointer that a far transfer goes to (SDM vol. 3, "Privilege Level Checking
// When Transferring Program Control Between Code Segments"; vol. 2, JMP, CALL, RET, IRET).

import { SegAttr } from '../arch/segment-attributes.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { isNull, limitOf, readDescriptor } from './descriptor.ts';
import type { Descriptor } from './descriptor.ts';
import { isCanonical, toSigned } from './helper.ts';

/** Whether code of this segment runs in 64-bit mode. */
export const is64BitCode = (cpu: Cpu, d: Descriptor): boolean => cpu.longMode && (d.attributes & SegAttr.L) !== 0;

/** In IA-32e mode L and D must not both be set: #GP(selector). */
export function requireCodeSize(cpu: Cpu, d: Descriptor, ext = 0): void {
  if (cpu.longMode && d.attributes & SegAttr.L && d.attributes & SegAttr.DB) cpu.raise(Vector.GP, (d.selector & 0xfffc) | ext);
}

/** The rules for a direct far JMP or CALL: the level stays. */
export function checkDirect(cpu: Cpu, d: Descriptor): void {
  const code = d.selector & 0xfffc;
  requireCodeSize(cpu, d);
  const allowed = d.conforming ? d.dpl <= cpu.cpl : (d.selector & 3) <= cpu.cpl && d.dpl === cpu.cpl;
  if (!allowed) cpu.raise(Vector.GP, code);
  if (!d.present) cpu.raise(Vector.NP, code);
}

/** The code segment a return goes to; its level is the selector's RPL. */
export function returnTarget(cpu: Cpu, selector: number): Descriptor {
  if (isNull(selector)) cpu.raise(Vector.GP, 0);
  const d = readDescriptor(cpu, selector, Vector.GP);
  const code = selector & 0xfffc;
  const rpl = selector & 3;
  if (!d.code || rpl < cpu.cpl || (d.conforming ? d.dpl > rpl : d.dpl !== rpl)) cpu.raise(Vector.GP, code);
  requireCodeSize(cpu, d);
  if (!d.present) cpu.raise(Vector.NP, code);
  return d;
}

/** RIP as a number, after the check of the target segment: canonical in 64-bit mode, else within the limit; #GP(ext). */
export function instructionPointer(cpu: Cpu, d: Descriptor, offset: bigint, ext = 0): number {
  if (is64BitCode(cpu, d)) {
    if (!isCanonical(offset)) cpu.raise(Vector.GP, ext);
    return toSigned(offset);
  }
  if (offset > BigInt(limitOf(d))) cpu.raise(Vector.GP, ext);
  return Number(offset);
}
