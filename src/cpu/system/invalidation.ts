// INVLPG and INVPCID (SDM vol. 2). The TLB keeps translations of the current PCID only (mmu/vcpu-mmu.ts), so what names
// another PCID has nothing to invalidate.

import { CR4 } from '../arch/control-bits.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { NO_SEGMENT } from './descriptor.ts';
import { LOW_32, is64Bit, isCanonical, requireCpl0, toSigned } from './helper.ts';
import type { SystemFunction } from './helper.ts';

const InvpcidType = { ADDRESS: 0, CONTEXT: 1, ALL: 2, ALL_BUT_GLOBAL: 3 } as const;

const linearOf = (cpu: Cpu, x: bigint): number => (is64Bit(cpu) ? toSigned(x) : Number(x & LOW_32));

/** x = linear address; a non-canonical one makes it a NOP. */
export const invalidatePage: SystemFunction = (cpu, _i, x) => {
  requireCpl0(cpu);
  if (!is64Bit(cpu) || isCanonical(x)) cpu.mmu.invlpg(linearOf(cpu, x));
  return 0n;
};

/** x = type, y = linear address of the descriptor: 11:0 PCID | 63:12 zero | 127:64 linear address. */
export const invpcid: SystemFunction = (cpu, _i, x, y) => {
  requireCpl0(cpu);
  const at = linearOf(cpu, y);
  const word = cpu.memory.load64(at, NO_SEGMENT, cpu.dataContext);
  const address = cpu.memory.load64(at + 8, NO_SEGMENT, cpu.dataContext);
  const type = Number(x);
  const pcid = word & 0xfffn;
  const pcide = (cpu.state.cr4[0] & CR4.PCIDE) !== 0n;
  const names = type === InvpcidType.ADDRESS || type === InvpcidType.CONTEXT;
  const bad =
    type > InvpcidType.ALL_BUT_GLOBAL ||
    word >> 12n !== 0n ||
    (names && pcid !== 0n && !pcide) ||
    (type === InvpcidType.ADDRESS && !isCanonical(address));
  if (bad) cpu.raise(Vector.GP, 0);
  const current = pcide ? cpu.state.cr3[0] & 0xfffn : 0n;
  if (type === InvpcidType.ALL) cpu.mmu.flushAll();
  else if (type === InvpcidType.ALL_BUT_GLOBAL) cpu.mmu.flushNonGlobal();
  else if (pcid === current && type === InvpcidType.CONTEXT) cpu.mmu.flushNonGlobal();
  else if (pcid === current) cpu.mmu.invlpg(toSigned(address));
  return 0n;
};
