// The MMU of a new machine, put together.

import type { LinearMemory } from '../base/linear-memory.ts';
import type { MachineShape, MemoryPlan } from '../base/state/regions.ts';
import type { VcpuState } from '../base/state/vcpu.ts';
import type { Trace } from '../base/trace.ts';
import { DirtyHub } from './dirty-hub.ts';
import { PhysicalMemory } from './physical-memory.ts';
import { Tracking } from './tracking.ts';
import type { TrackingMethod } from './tracking.ts';
import { VcpuMmu } from './vcpu-mmu.ts';

export interface Mmu {
  readonly physical: PhysicalMemory;
  readonly hub: DirtyHub;
  /** By vCPU. */
  readonly vcpus: readonly VcpuMmu[];
}

/** `memory` is new and laid out by `plan`, which holds `mmuRegions(shape)` and 'vcpu'; `states` are the vCPUs' views. */
export function createMmu(
  memory: LinearMemory,
  plan: MemoryPlan,
  shape: MachineShape,
  method: TrackingMethod,
  states: readonly VcpuState[],
  trace: Trace = { on: null },
): Mmu {
  const physical = new PhysicalMemory(memory, plan, shape);
  const hub = new DirtyHub(physical.views, new Tracking(physical.views, method));
  physical.sink = hub;
  physical.slotListener = hub;
  return { physical, hub, vcpus: states.map((state, vcpu) => new VcpuMmu(physical, hub, state, vcpu, trace)) };
}
