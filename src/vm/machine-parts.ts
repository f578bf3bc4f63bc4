// Builds the parts of a machine over one linear memory and wires them: nothing here decides anything.

import { LinearMemory } from '../base/linear-memory.ts';
import { MACHINE_LOCK_REGION, MachineLock } from '../base/machine-lock.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import { planRegions } from '../base/state/regions.ts';
import type { MachineShape, MemoryPlan } from '../base/state/regions.ts';
import { viewsOf } from '../base/state/table.ts';
import { VCPU_STATE } from '../base/state/vcpu.ts';
import type { Trace } from '../base/trace.ts';
import { Cpu } from '../cpu/cpu.ts';
import type { Engine } from '../cpu/engine.ts';
import type { CpuHost } from '../cpu/host.ts';
import { cpuRegions } from '../cpu/regions.ts';
import { powerUp } from '../cpu/reset.ts';
import { mtRegions } from '../mt/layout.ts';
import { DirtyHub } from '../mmu/dirty-hub.ts';
import { PhysicalMemory } from '../mmu/physical-memory.ts';
import { mmuRegions } from '../mmu/regions.ts';
import { Tracking } from '../mmu/tracking.ts';
import { VcpuMmu } from '../mmu/vcpu-mmu.ts';
import { defaultMemslots, shapeOf } from './config.ts';
import type { VmConfig } from './config.ts';

export interface MachineParts {
  readonly shape: MachineShape;
  readonly plan: MemoryPlan;
  readonly memory: LinearMemory;
  readonly lock: MachineLock;
  readonly physical: PhysicalMemory;
  readonly hub: DirtyHub;
  readonly cpus: readonly Cpu[];
}

/** What a machine lets the project's other layers reach. */
export interface VmInternals {
  readonly memory: LinearMemory;
  readonly cpus: readonly Cpu[];
  readonly parts: MachineParts;
  readonly engine: Engine;
}

/** The linear memory's plan for a machine of this shape; the same on every thread. */
export function planMachine(shape: MachineShape): MemoryPlan {
  return planRegions([MACHINE_LOCK_REGION, ...cpuRegions(shape), ...mtRegions(shape), ...mmuRegions(shape)]);
}

/** Byte offsets of the vCPUs' pending-request words. */
export function requestWords(plan: MemoryPlan, shape: MachineShape): number[] {
  return Array.from({ length: shape.vcpus }, (_, n) => plan.vcpu!.offset + n * VCPU_STATE.size + VCPU_STATE.offset.request);
}

export function buildParts(config: VmConfig, host: CpuHost, trace: Trace): MachineParts {
  const shape = shapeOf(config);
  const plan = planMachine(shape);
  const memory = LinearMemory.create(plan.total.bytes, config.threads ?? false);
  const physical = new PhysicalMemory(memory, plan, shape);
  const hub = new DirtyHub(physical.views, new Tracking(physical.views, config.tracking ?? 'none'));
  physical.sink = hub;
  physical.slotListener = hub;
  const lock = new MachineLock(memory, plan);
  for (const slot of defaultMemslots(config.memory, config.rom)) physical.addMemslot(slot);
  const cpus = Array.from({ length: shape.vcpus }, (_, index) => {
    const block = plan.vcpu!.offset + index * VCPU_STATE.size;
    const mmu = new VcpuMmu(physical, hub, viewsOf(VCPU_STATE, memory, block), index, trace);
    const cpu = new Cpu(index, memory, block, mmu, host, trace);
    return cpu;
  });
  powerUp(cpus);
  return { shape, plan, memory, lock, physical, hub, cpus };
}

/** Live bytes of page `gfn`, or null when it is not RAM. */
export function pageReader({ physical, memory }: { physical: PhysicalMemory; memory: LinearMemory }): (gfn: number) => Uint8Array | null {
  return (gfn) => {
    const at = physical.hostOffset(gfn * PAGE_SIZE);
    return at < 0 ? null : memory.page(at);
  };
}
