// The part of the linear memory that belongs to the processors.

import type { MachineShape, RegionRequest } from '../base/state/regions.ts';
import { VCPU_STATE } from '../base/state/vcpu.ts';

/** Region `vcpu`: one state block per vCPU, VCPU_STATE.size bytes each. */
export function cpuRegions(shape: MachineShape): RegionRequest[] {
  return [{ name: 'vcpu', bytes: VCPU_STATE.size * shape.vcpus }];
}
