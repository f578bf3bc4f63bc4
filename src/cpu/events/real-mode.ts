// Interrupts in real-address mode (SDM vol. 3, "Interrupt and Exception Handling" under "Real-Address Mode Operation"): four
// bytes a vector, offset and then segment; no error codes.

import { Seg } from '../../base/state/vcpu.ts';
import type { Cpu } from '../cpu.ts';
import { RF } from '../arch/rflags.ts';
import { Vector } from '../arch/vectors.ts';
import { IMPLICIT, NO_SEGMENT } from '../system/descriptor.ts';
import { tableAddress } from '../system/helper.ts';
import { setRealModeSegment } from '../system/segments.ts';
import { currentStack, pushAll, returnAddress, setStackPointer } from '../system/stack-frame.ts';
import type { Event } from './event.ts';
import { extBit } from './gate.ts';
import type { Entry } from './gate.ts';

export function enterRealMode(cpu: Cpu, event: Event): Entry {
  const { idtrBase, idtrLimit, segSelector } = cpu.state;
  const at = event.vector * 4;
  if (at + 3 > idtrLimit[0]) cpu.raise(Vector.GP, (event.vector << 3) | 2 | extBit(event));
  const pointer = cpu.memory.load(tableAddress(cpu, idtrBase[0], at), 4, NO_SEGMENT, IMPLICIT) >>> 0;
  const frame = [BigInt(cpu.flags.read() & ~RF), BigInt(segSelector[Seg.CS]), returnAddress(event.returnRip, 2)];
  const rsp = pushAll(cpu, currentStack(cpu), 2, frame);
  setRealModeSegment(cpu, Seg.CS, pointer >>> 16);
  setStackPointer(cpu, rsp);
  return { rip: pointer & 0xffff, clearsIf: true };
}
