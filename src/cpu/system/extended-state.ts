// XGETBV and XSETBV: CPUID does not offer XSAVE, CR4.OSXSAVE cannot be set, and so both are undefined (SDM vol. 2).

import { Vector } from '../signals.ts';
import type { SystemFunction } from './helper.ts';

export const xgetbv: SystemFunction = (cpu) => cpu.raise(Vector.UD);
export const xsetbv: SystemFunction = (cpu) => cpu.raise(Vector.UD);
