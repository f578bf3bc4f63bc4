// PUSHF, POPF, CLI, STI, CLAC, STAC (SDM vol. 2).

import type { Cpu } from '../cpu.ts';
import { AC, ID, IF, IOPL_SHIFT, NT, RF, STATUS_FLAGS, DF, TF, VIF, VIP, VM } from '../arch/rflags.ts';
import { Vector } from '../arch/vectors.ts';
import { narrow } from './helper.ts';
import type { SystemFunction } from './helper.ts';
import { Blocking } from './segments.ts';
import {
  clearVirtualInterruptFlag,
  hasVirtualInterrupts,
  loadVirtualImage,
  requireVirtualImage,
  seesVirtualFlags,
  setVirtualInterruptFlag,
  virtualImage,
} from './virtual-interrupts.ts';

export const IOPL = 3 << IOPL_SHIFT;
/** What every level may change. */
const ALWAYS = STATUS_FLAGS | TF | DF | NT;

/**
 * Stores those flags of an image of `size` bytes that the current privilege may change, and those in `more`; others stay. POPF and
 * IRET use it; `more` is what IRET alone may change.
 */
export function storeFlags(cpu: Cpu, image: number, size: number, more: number): void {
  const wide = size === 2 ? 0 : AC | ID | more;
  const interrupt = cpu.cpl <= cpu.iopl ? IF : 0;
  const privileged = cpu.cpl === 0 ? IOPL : 0;
  const mask = ALWAYS | wide | interrupt | privileged;
  const old = cpu.flags.read();
  cpu.flags.write((old & ~mask) | (image & mask));
  noteFlags(cpu, old);
}

/** After flags changed from `old`: the run loop must see TF, RF, an IF that became 1, and VIF together with VIP. */
export function noteFlags(cpu: Cpu, old: number): void {
  const flags = cpu.state.rflags[0];
  if (flags & (TF | RF | (IF & ~old))) cpu.noteInterruptWindow();
  noteVirtualInterrupt(cpu);
}

/** After the level became 3: the run loop must see VIF together with VIP. */
export function noteVirtualInterrupt(cpu: Cpu): void {
  if ((cpu.state.rflags[0] & (VIF | VIP)) === (VIF | VIP)) cpu.noteInterruptWindow();
}

/** The image of i.stackSize bytes that PUSHF pushes: VM and RF read as 0. */
export const pushfValue = narrow((cpu, i) => {
  const virtual = seesVirtualFlags(cpu, i.stackSize);
  const flags = cpu.flags.read();
  return virtual ? virtualImage(flags) : flags & ~(VM | RF);
});

/** x = image of i.stackSize bytes. RF becomes 0. */
export const popf = narrow((cpu, i, image) => {
  if (seesVirtualFlags(cpu, i.stackSize)) {
    requireVirtualImage(cpu, image);
    loadVirtualImage(cpu, image);
  } else {
    storeFlags(cpu, image, i.stackSize, 0);
  }
  cpu.state.rflags[0] &= ~RF;
  cpu.refresh();
  return 0;
});

function requireIopl(cpu: Cpu): void {
  if (cpu.cpl > cpu.iopl) cpu.raise(Vector.GP, 0);
}

export const cli = narrow((cpu) => {
  if (hasVirtualInterrupts(cpu)) {
    clearVirtualInterruptFlag(cpu);
    return 0;
  }
  requireIopl(cpu);
  cpu.state.rflags[0] &= ~IF;
  return 0;
});

/** Interrupts stay blocked for one more instruction when IF was 0. */
export const sti = narrow((cpu) => {
  if (hasVirtualInterrupts(cpu)) {
    setVirtualInterruptFlag(cpu);
    return 0;
  }
  requireIopl(cpu);
  const { rflags, interruptibility } = cpu.state;
  if (rflags[0] & IF) return 0;
  interruptibility[0] |= Blocking.STI;
  rflags[0] |= IF;
  cpu.noteInterruptWindow();
  return 0;
});

function setAc(cpu: Cpu, set: boolean): bigint {
  if (cpu.cpl !== 0) cpu.raise(Vector.UD);
  const { rflags } = cpu.state;
  rflags[0] = set ? rflags[0] | AC : rflags[0] & ~AC;
  cpu.refresh();
  return 0n;
}

export const clac: SystemFunction = (cpu) => setAc(cpu, false);
export const stac: SystemFunction = (cpu) => setAc(cpu, true);
