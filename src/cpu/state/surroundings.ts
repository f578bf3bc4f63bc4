// What a processor is given when it is made, and keeps.

import type { LinearMemory } from '../../base/linear-memory.ts';
import type { Trace } from '../../base/trace.ts';
import type { VcpuMmu } from '../../mmu/vcpu-mmu.ts';
import { DEFAULT_MODEL } from '../arch/model.ts';
import type { CpuModel } from '../arch/model.ts';
import type { CpuHost } from '../host.ts';

export abstract class Surroundings {
  /** `blockOffset`: of the vCPU's state block in the linear memory. */
  constructor(
    readonly index: number,
    readonly linear: LinearMemory,
    readonly blockOffset: number,
    readonly mmu: VcpuMmu,
    readonly host: CpuHost,
    readonly trace: Trace,
    readonly model: CpuModel = DEFAULT_MODEL,
  ) {}
}
