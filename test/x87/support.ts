// Byte programs with x87 instructions over the interpreter: 32-bit, 64-bit and real-address code.

import { Activity } from '../../src/base/state/vcpu.ts';
import { CR0 } from '../../src/cpu/arch/control-bits.ts';
import { HLT, realHandler, realMode, run } from '../modes/support.ts';
import { AT, longMode, protectedMode } from '../system/support.ts';
import type { Rig } from '../system/support.ts';

export const Escape = {
  FNINIT: [0xdb, 0xe3],
  FNCLEX: [0xdb, 0xe2],
  FWAIT: [0x9b],
  FNOP: [0xd9, 0xd0],
  FNSTSW_AX: [0xdf, 0xe0],
  FLD1: [0xd9, 0xe8],
  FLDZ: [0xd9, 0xee],
  FLDPI: [0xd9, 0xeb],
  FADDP: [0xde, 0xc1],
  FDIVP: [0xde, 0xf9],
  FINCSTP: [0xd9, 0xf7],
} as const;

export type Mode = '32-bit' | '64-bit' | 'real';

/** A processor in `mode` with CR0.NE set after FNINIT, and a HLT at every handler. */
export function x87Rig(mode: Mode = '32-bit'): Rig {
  const rig = mode === 'real' ? realMode() : mode === '64-bit' ? longMode() : protectedMode();
  for (let vector = 0; vector < 32; vector++) rig.code(handlerOf(rig, mode, vector), HLT);
  rig.state.cr0[0] |= CR0.NE;
  rig.cpu.x87.initialize();
  return rig;
}

const handlerOf = (rig: Rig, mode: Mode, vector: number): number => (mode === 'real' ? realHandler(vector) : rig.handler(vector));

/** Runs `bytes` and a HLT. The vector of the exception that ended it, or null. */
export function execute(rig: Rig, ...bytes: readonly number[]): number | null {
  const { cpu } = rig;
  rig.code(AT.CODE, ...bytes, HLT);
  rig.state.rip[0] = BigInt(AT.CODE);
  rig.state.activity[0] = Activity.ACTIVE;
  const before = cpu.exceptionCounts.slice();
  run(rig, 1000);
  const vector = cpu.exceptionCounts.findIndex((count, n) => count !== before[n]);
  return vector < 0 ? null : vector;
}

/** An address in 32-bit code, as mod 0 rm 5; in 64-bit code with a SIB byte; in real-address mode 16 bits of it. */
export function absolute(mode: Mode, reg: number, at: number): number[] {
  const word = (n: number): number[] => [n & 0xff, (n >> 8) & 0xff];
  if (mode === 'real') return [0x06 | (reg << 3), ...word(at)];
  const head = mode === '64-bit' ? [0x04 | (reg << 3), 0x25] : [0x05 | (reg << 3)];
  return [...head, ...word(at), ...word(at >> 16)];
}
