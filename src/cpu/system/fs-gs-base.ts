// SWAPGS, RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE (SDM vol. 2): 64-bit mode only.

import { Seg } from '../../base/state/vcpu.ts';
import { CR4 } from '../arch/control-bits.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { is64Bit, requireCanonical, requireCpl0 } from './helper.ts';
import type { SystemFunction } from './helper.ts';

export const swapgs: SystemFunction = (cpu) => {
  if (!is64Bit(cpu)) cpu.raise(Vector.UD);
  requireCpl0(cpu);
  const { segBase, kernelGsBase } = cpu.state;
  const base = segBase[Seg.GS];
  segBase[Seg.GS] = kernelGsBase[0];
  kernelGsBase[0] = base;
  cpu.refresh();
  return 0n;
};

function requireFsGsBase(cpu: Cpu): void {
  if (!is64Bit(cpu) || !(cpu.state.cr4[0] & CR4.FSGSBASE)) cpu.raise(Vector.UD);
}

const reader =
  (segment: number): SystemFunction =>
  (cpu, i) => {
    requireFsGsBase(cpu);
    return BigInt.asUintN(8 * i.size, cpu.state.segBase[segment]);
  };

const writer =
  (segment: number): SystemFunction =>
  (cpu, i, x) => {
    requireFsGsBase(cpu);
    const base = BigInt.asUintN(8 * i.size, x);
    requireCanonical(cpu, base);
    cpu.state.segBase[segment] = base;
    cpu.refresh();
    return 0n;
  };

export const readFsBase = reader(Seg.FS);
export const readGsBase = reader(Seg.GS);
export const writeFsBase = writer(Seg.FS);
export const writeGsBase = writer(Seg.GS);
