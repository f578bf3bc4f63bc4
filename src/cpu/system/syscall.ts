// SYSCALL and SYSRET (SDM vol. 2): 64-bit mode only, as on Intel's processors.

import { EFER } from '../arch/control-bits.ts';
import type { Cpu } from '../cpu.ts';
import { RF, TF } from '../arch/rflags.ts';
import { Vector } from '../arch/vectors.ts';
import { setFlatSegments } from './fixed-segments.ts';
import { noteFlags } from './flags.ts';
import { LOW_32, is64Bit, requireCanonical, requireCpl0, toSigned, toUnsigned } from './helper.ts';
import type { SystemFunction } from './helper.ts';

const RCX = 1;
const R11 = 11;
/** RFLAGS bits that SYSRET loads from R11: all defined ones but RF and VM. */
const SYSRET_FLAGS = 0x3c7fd7;

function requireSyscall(cpu: Cpu): void {
  if (!is64Bit(cpu) || !(cpu.state.efer[0] & EFER.SCE)) cpu.raise(Vector.UD);
}

export const syscall: SystemFunction = (cpu) => {
  requireSyscall(cpu);
  const { gpr, star, lstar, sfmask } = cpu.state;
  const flags = cpu.flags.read();
  gpr[RCX] = toUnsigned(cpu.nextRip);
  gpr[R11] = BigInt(flags);
  const masked = flags & ~(Number(sfmask[0] & LOW_32) | RF);
  cpu.flags.write(masked);
  // With TF masked there is no single-step trap after SYSCALL.
  if (!(masked & TF)) cpu.suppressTrap = true;
  const selector = Number((star[0] >> 32n) & 0xffffn);
  setFlatSegments(cpu, 0, selector, selector + 8, true);
  cpu.nextRip = toSigned(lstar[0]);
  return 0n;
};

/** To 64-bit mode with a 64-bit operand size, else to compatibility mode. RCX is checked at level 0, as Intel's processors do. */
export const sysret: SystemFunction = (cpu, i) => {
  requireSyscall(cpu);
  requireCpl0(cpu);
  const { gpr, star } = cpu.state;
  const is64 = i.size === 8;
  if (is64) requireCanonical(cpu, gpr[RCX]);
  const target = is64 ? toSigned(gpr[RCX]) : Number(gpr[RCX] & LOW_32);
  const selector = Number((star[0] >> 48n) & 0xffffn);
  const old = cpu.flags.read();
  cpu.flags.write(Number(gpr[R11] & LOW_32) & SYSRET_FLAGS);
  noteFlags(cpu, old);
  setFlatSegments(cpu, 3, is64 ? selector + 16 : selector, selector + 8, is64);
  cpu.nextRip = target;
  return 0n;
};
