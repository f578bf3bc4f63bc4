// IRET (SDM vol. 2).

import { Seg } from '../../base/state/vcpu.ts';
import type { Cpu } from '../cpu.ts';
import { NT, RF, VIF, VIP, VM } from '../arch/rflags.ts';
import { Vector } from '../arch/vectors.ts';
import { instructionPointer, returnTarget } from './code-targets.ts';
import { enterReturnStack, returnStack } from './far-return.ts';
import { storeFlags } from './flags.ts';
import { is64Bit, isProtected } from './helper.ts';
import type { SystemFunction } from './helper.ts';
import { Blocking, setCodeSegment, setRealModeSegment } from './segments.ts';
import { peek, peekLow, released, setStackPointer } from './stack-frame.ts';
import type { Width } from './stack-frame.ts';
import { returnToTask } from './task-switch.ts';
import { enterVirtual8086 } from './virtual-8086.ts';
import { loadVirtualImage, requireVirtualImage, seesVirtualFlags } from './virtual-interrupts.ts';

/** SDM vol. 3, "Handling Multiple NMIs": IRET unblocks NMIs, even one that faults. */
function unblockNmi(cpu: Cpu): void {
  cpu.state.interruptibility[0] &= ~Blocking.NMI;
  if (cpu.state.pendingNmi[0]) cpu.noteInterruptWindow();
}

/** Pops words of i.size bytes. NT asks for the task that was interrupted; IA-32e mode has no tasks. */
export const iret: SystemFunction = (cpu, i) => {
  const size = i.size as Width;
  unblockNmi(cpu);
  const virtual = seesVirtualFlags(cpu, size);
  if (isProtected(cpu) && cpu.state.rflags[0] & NT) {
    if (cpu.longMode) cpu.raise(Vector.GP, 0);
    returnToTask(cpu);
    return 0n;
  }
  const offset = peek(cpu, 0, size);
  const selector = peekLow(cpu, size, size) & 0xffff;
  const flags = peekLow(cpu, 2 * size, size);
  if (isProtected(cpu)) returnProtected(cpu, size, offset, selector, flags);
  else returnReal(cpu, size, offset, selector, flags, virtual);
  cpu.refresh();
  return 0n;
};

/** Real-address and virtual-8086 mode; `virtual`: the image is one of VIF. */
function returnReal(cpu: Cpu, size: Width, offset: bigint, selector: number, flags: number, virtual: boolean): void {
  if (offset > BigInt(cpu.state.segLimit[Seg.CS])) cpu.raise(Vector.GP, 0);
  if (virtual) requireVirtualImage(cpu, flags);
  setStackPointer(cpu, released(cpu, 3 * size));
  setRealModeSegment(cpu, Seg.CS, selector);
  if (virtual) loadVirtualImage(cpu, flags);
  else storeFlags(cpu, flags, size, RF);
  cpu.nextRip = Number(offset);
}

function returnProtected(cpu: Cpu, size: Width, offset: bigint, selector: number, flags: number): void {
  if (!cpu.longMode && size === 4 && flags & VM && cpu.cpl === 0) {
    enterVirtual8086(cpu, offset, selector, flags);
    return;
  }
  const code = returnTarget(cpu, selector);
  // VIF and VIP are for level 0 to load.
  const more = RF | (cpu.cpl === 0 ? VIF | VIP : 0);
  const sameLevel = (selector & 3) === cpu.cpl;
  if (sameLevel && !is64Bit(cpu)) {
    const rip = instructionPointer(cpu, code, offset);
    const rsp = released(cpu, 3 * size);
    setCodeSegment(cpu, code, cpu.cpl);
    setStackPointer(cpu, rsp);
    storeFlags(cpu, flags, size, more);
    cpu.nextRip = rip;
    return;
  }
  // 64-bit mode always pops SS:RSP. The instruction pointer is checked before the stack at the same level, after it on the way out.
  const pointer = peek(cpu, 3 * size, size);
  const stackSelector = peekLow(cpu, 4 * size, size) & 0xffff;
  if (sameLevel) instructionPointer(cpu, code, offset);
  const stack = returnStack(cpu, code, stackSelector, pointer);
  const rip = instructionPointer(cpu, code, offset);
  enterReturnStack(cpu, code, stack, 0);
  // The old level decides which flags may change: cpu.cpl is re-derived only afterwards.
  storeFlags(cpu, flags, size, more);
  cpu.nextRip = rip;
}
