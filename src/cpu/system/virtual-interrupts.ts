// VIF and VIP in place of IF: the extensions of virtual-8086 mode (CR4.VME) and of level 3 in protected mode (CR4.PVI), both for
// IOPL below 3 (SDM vol. 3, "Maskable Hardware Interrupt Handling in Virtual-8086 Mode Using the Virtual Interrupt Mechanism",
// "Protected-Mode Virtual Interrupts"; vol. 2, CLI, STI, PUSHF, POPF, IRET).

import { CR4 } from '../arch/control-bits.ts';
import type { Cpu } from '../cpu.ts';
import { DF, IF, IOPL_SHIFT, NT, STATUS_FLAGS, TF, VIF, VIP } from '../arch/rflags.ts';
import { Vector } from '../arch/vectors.ts';
import { isVirtual8086 } from './helper.ts';

const IOPL = 3 << IOPL_SHIFT;
/** What POPF and IRET load beside VIF: neither IF nor IOPL. */
const LOADED = STATUS_FLAGS | TF | DF | NT;

/** CLI and STI act on VIF here; they are #GP(0) or act on IF elsewhere. */
export function hasVirtualInterrupts(cpu: Cpu): boolean {
  if (cpu.cpl !== 3 || cpu.iopl === 3) return false;
  return (cpu.state.cr4[0] & (isVirtual8086(cpu) ? CR4.VME : CR4.PVI)) !== 0n;
}

/**
 * Whether PUSHF, POPF and IRET of `size`-byte words see VIF in IF's place. Outside virtual-8086 mode, and with IOPL = 3, they see IF.
 * Otherwise words of 2 bytes see VIF with CR4.VME; without it, or with words of 4 bytes, #GP(0) is raised.
 */
export function seesVirtualFlags(cpu: Cpu, size: number): boolean {
  if (!isVirtual8086(cpu) || cpu.iopl === 3) return false;
  if (size !== 2 || !(cpu.state.cr4[0] & CR4.VME)) cpu.raise(Vector.GP, 0);
  return true;
}

/** FLAGS as an 8086 program is to see them: VIF in the place of IF, and IOPL 3. */
export const virtualImage = (flags: number): number => (flags & 0xffff & ~IF) | IOPL | (flags & VIF ? IF : 0);

/** #GP(0) for an image that would trap, or open interrupts while one is pending: the monitor's matter. */
export function requireVirtualImage(cpu: Cpu, image: number): void {
  const pending = (cpu.state.rflags[0] & VIP) !== 0;
  if (image & TF || (image & IF && pending)) cpu.raise(Vector.GP, 0);
}

/** Loads an image that has been checked: its IF goes to VIF; IF and IOPL stay. */
export function loadVirtualImage(cpu: Cpu, image: number): void {
  const kept = cpu.flags.read() & ~(LOADED | VIF);
  cpu.flags.write(kept | (image & LOADED) | (image & IF ? VIF : 0));
}

export function clearVirtualInterruptFlag(cpu: Cpu): void {
  cpu.state.rflags[0] &= ~VIF;
}

/** #GP(0) while an interrupt is pending. */
export function setVirtualInterruptFlag(cpu: Cpu): void {
  const { rflags } = cpu.state;
  if (rflags[0] & VIP) cpu.raise(Vector.GP, 0);
  rflags[0] |= VIF;
}

/** Both flags are set, as IRET or a task switch of the monitor may leave them: #GP(0) before the next instruction. */
export const virtualInterruptDue = (cpu: Cpu): boolean => (cpu.state.rflags[0] & (VIF | VIP)) === (VIF | VIP) && hasVirtualInterrupts(cpu);
