// SYSENTER and SYSEXIT (SDM vol. 2).

import type { Cpu } from '../cpu.ts';
import { IF, VM } from '../arch/rflags.ts';
import { Vector } from '../arch/vectors.ts';
import { setFlatSegments } from './fixed-segments.ts';
import { noteVirtualInterrupt } from './flags.ts';
import { LOW_32, isRealMode, requireCanonical, requireCpl0, toSigned } from './helper.ts';
import type { SystemFunction } from './helper.ts';

const RCX = 1;
const RDX = 2;
const RSP = 4;

/** IA32_SYSENTER_CS bits 15:0; #GP(0) in real-address mode or when bits 15:2 are 0. */
function sysenterSelector(cpu: Cpu): number {
  const selector = Number(cpu.state.sysenterCs[0] & 0xffffn);
  if (isRealMode(cpu) || (selector & 0xfffc) === 0) cpu.raise(Vector.GP, 0);
  return selector & 0xfffc;
}

export const sysenter: SystemFunction = (cpu) => {
  const selector = sysenterSelector(cpu);
  const { gpr, rflags, sysenterEsp, sysenterEip } = cpu.state;
  const is64 = cpu.longMode;
  rflags[0] &= ~(IF | VM);
  gpr[RSP] = is64 ? sysenterEsp[0] : sysenterEsp[0] & LOW_32;
  setFlatSegments(cpu, 0, selector, selector + 8, is64);
  cpu.nextRip = is64 ? toSigned(sysenterEip[0]) : Number(sysenterEip[0] & LOW_32);
  return 0n;
};

/** RDX and RCX hold the instruction and stack pointers to return to. */
export const sysexit: SystemFunction = (cpu, i) => {
  const selector = sysenterSelector(cpu);
  requireCpl0(cpu);
  const { gpr } = cpu.state;
  const is64 = i.size === 8;
  if (is64) {
    requireCanonical(cpu, gpr[RCX]);
    requireCanonical(cpu, gpr[RDX]);
  }
  gpr[RSP] = is64 ? gpr[RCX] : gpr[RCX] & LOW_32;
  const target = is64 ? toSigned(gpr[RDX]) : Number(gpr[RDX] & LOW_32);
  setFlatSegments(cpu, 3, selector + (is64 ? 32 : 16), selector + (is64 ? 40 : 24), is64);
  cpu.nextRip = target;
  noteVirtualInterrupt(cpu);
  return 0n;
};
