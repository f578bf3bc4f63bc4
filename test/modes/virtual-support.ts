// Programs in virtual-8086 mode over a protected-mode rig.

import { VM } from '../../src/cpu/arch/rflags.ts';
import { protectedMode } from '../system/support.ts';
import type { Rig } from '../system/support.ts';
import { expect } from 'vitest';
import { AT, ESP, HLT, IRET, run, setReg } from './support.ts';

export const V86 = { CS: 0x500, SS: 0x900, DS: 0xa00, ES: 0xb00, FS: 0xc00, GS: 0xd00, SP: 0x100 } as const;

/** At 0500H:0000H in virtual-8086 mode, which was entered by IRET from level 0. */
export function virtual(flags: number, ...bytes: number[]): Rig {
  const rig = protectedMode();
  const at = AT.STACK0 - 36;
  [0, V86.CS, flags | VM | 2, V86.SP, V86.SS, V86.ES, V86.DS, V86.FS, V86.GS].forEach((word, n) => rig.set32(at + 4 * n, word));
  setReg(rig, ESP, at);
  rig.code(0x4000, IRET);
  rig.state.rip[0] = 0x4000n;
  rig.code(V86.CS * 16, ...bytes);
  for (let vector = 0; vector < 64; vector++) rig.code(rig.handler(vector), HLT);
  expect(run(rig, 1).retired).toBe(1);
  return rig;
}

/** Doublewords of the frame at the handler. */
export const frame = (rig: Rig, count: number): number[] => Array.from({ length: count }, (_, n) => rig.get32(rig.rsp + 4 * n));
