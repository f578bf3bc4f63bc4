// From effective to linear addresses: segment bases, limits and types (SDM vol. 3, "Limit Checking", "Type Checking"). In
// 64-bit mode only FS and GS have bases and nothing is checked here; canonical form is checked with the access.

import { Seg } from '../base/state/vcpu.ts';
import { noteDataAccess } from './breakpoints.ts';
import { CodeMode } from './builder/insn.ts';
import { SegAttr } from './cpu.ts';
import type { Cpu } from './cpu.ts';
import { Vector } from './signals.ts';
import { isProtected } from './system/helper.ts';

/** The linear address of `offset` in `segment` for an access of `bytes` bytes; raises #GP(0), #SS(0) for SS, or #AC(0). */
export function linearAddress(cpu: Cpu, segment: number, offset: number, bytes: number, write: boolean): number {
  if (cpu.flat[segment] & (write ? 2 : 1)) return offset;
  const linear = slowLinearAddress(cpu, segment, offset, bytes, write);
  if (cpu.breakpoints) noteDataAccess(cpu, linear, bytes, write);
  if (cpu.alignmentCheck) checkAlignment(cpu, linear, bytes);
  return linear;
}

/** SDM vol. 3, "Alignment Check Exception (#AC)": operands of 2, 4, 8 and 16 bytes on their own boundary. */
function checkAlignment(cpu: Cpu, linear: number, bytes: number): void {
  const isPowerOfTwo = (bytes & (bytes - 1)) === 0;
  if (isPowerOfTwo && linear % bytes !== 0) cpu.raise(Vector.AC, 0);
}

function slowLinearAddress(cpu: Cpu, segment: number, offset: number, bytes: number, write: boolean): number {
  const base = cpu.base[segment];
  if (cpu.mode === CodeMode.BITS64) {
    const sum = offset + base;
    return Number.isSafeInteger(sum) ? sum : Number(BigInt.asIntN(64, BigInt(offset) + BigInt(base)));
  }
  const attributes = cpu.state.segAttributes[segment];
  const limit = cpu.state.segLimit[segment];
  // Outside protected mode every segment may be read and written, code too (SDM vol. 3, "Real-Address Mode Operation").
  const isCode = (attributes & SegAttr.CODE) !== 0;
  const code = isCode && isProtected(cpu);
  const usable = !(attributes & SegAttr.UNUSABLE) && (attributes & SegAttr.P) !== 0;
  const typeAllows = write ? !code && (isCode || (attributes & SegAttr.WRITABLE) !== 0) : !code || (attributes & SegAttr.READABLE) !== 0;
  const last = offset + bytes - 1;
  const top = attributes & SegAttr.DB ? 0xffffffff : 0xffff;
  // In code segments the bit is another one: conforming.
  const inLimit = !isCode && attributes & SegAttr.EXPAND_DOWN ? offset > limit && last <= top : last <= limit;
  if (!usable || !typeAllows || !inLimit) cpu.raise(segment === Seg.SS ? Vector.SS : Vector.GP, 0);
  return (base + offset) % 0x100000000;
}
