// The part of the linear memory that belongs to the processors.

import type { MachineShape, RegionRequest } from '../base/state/regions.ts';
import { VCPU_STATE } from '../base/state/vcpu.ts';
import { JUMP_CACHE_BYTES } from './translator/jump-cache.ts';

/** `vcpu`: one state block per vCPU. `jump-cache`: the way from RIP to translated code, one per vCPU. */
export function cpuRegions(shape: MachineShape): RegionRequest[] {
  return [
    { name: 'vcpu', bytes: VCPU_STATE.size * shape.vcpus },
    { name: 'jump-cache', bytes: JUMP_CACHE_BYTES * shape.vcpus },
  ];
}
