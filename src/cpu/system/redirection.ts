// INT n in virtual-8086 mode with CR4.VME (SDM vol. 3, "Class 3—Software Interrupt Handling in Virtual-8086 Mode"): by a bit for
// each vector in the TSS the interrupt goes to the 8086 program's own handler, without leaving virtual-8086 mode.
//
//   offset in the TSS:   … | 32 bytes, bit n = vector n | I/O permission bit map …        I/O map base (at 102) is where the latter begins

import { Seg } from '../../base/state/vcpu.ts';
import { CR4 } from '../arch/control-bits.ts';
import { SegAttr } from '../arch/segment-attributes.ts';
import type { Cpu } from '../cpu.ts';
import { IF, TF, VIF } from '../arch/rflags.ts';
import { Vector } from '../arch/vectors.ts';
import { IMPLICIT, NO_SEGMENT, SystemType } from './descriptor.ts';
import { isVirtual8086, tableAddress } from './helper.ts';
import { setRealModeSegment } from './segments.ts';
import { currentStack, pushAll, returnAddress, setStackPointer } from './stack-frame.ts';
import { virtualImage } from './virtual-interrupts.ts';

const IO_MAP_BASE = 102;
const MAP_BYTES = 32;

/** Whether INT `vector` is the 8086 program's own. A TSS that does not reach to the bit for it gives #GP(0). */
export function isRedirected(cpu: Cpu, vector: number): boolean {
  const { cr4, segAttributes, segBase, segLimit } = cpu.state;
  if (!isVirtual8086(cpu) || !(cr4[0] & CR4.VME)) return false;
  const type = segAttributes[Seg.TR] & SegAttr.TYPE;
  const limit = segLimit[Seg.TR];
  if ((type !== SystemType.TSS_BUSY && type !== SystemType.TSS) || limit < IO_MAP_BASE + 1) cpu.raise(Vector.GP, 0);
  const map = cpu.memory.load(tableAddress(cpu, segBase[Seg.TR], IO_MAP_BASE), 2, NO_SEGMENT, IMPLICIT);
  const at = map - MAP_BYTES + (vector >>> 3);
  if (at < 0 || at > limit) cpu.raise(Vector.GP, 0);
  return ((cpu.memory.load(tableAddress(cpu, segBase[Seg.TR], at), 1, NO_SEGMENT, IMPLICIT) >>> (vector & 7)) & 1) === 0;
}

/**
 * Enters the handler that the vector table at linear address 0 names, as in real-address mode. FLAGS, CS and IP are pushed as
 * words. With IOPL = 3 IF is cleared; else VIF is, and the image has VIF in IF's place. The table is read as the program's own data.
 */
export function redirect(cpu: Cpu, vector: number): void {
  const pointer = cpu.memory.load(4 * vector, 4, NO_SEGMENT, cpu.dataContext) >>> 0;
  const { rflags, segSelector } = cpu.state;
  const flags = cpu.flags.read();
  const image = cpu.iopl === 3 ? flags & 0xffff : virtualImage(flags);
  const frame = [BigInt(image), BigInt(segSelector[Seg.CS]), returnAddress(cpu.nextRip, 2)];
  const rsp = pushAll(cpu, currentStack(cpu), 2, frame);
  setRealModeSegment(cpu, Seg.CS, pointer >>> 16);
  setStackPointer(cpu, rsp);
  rflags[0] &= ~(TF | (cpu.iopl === 3 ? IF : VIF));
  cpu.nextRip = pointer & 0xffff;
  cpu.refresh();
}
