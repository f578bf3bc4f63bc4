// A machine with the memory and the processors of a checkpoint, to look at. It has no board, so that neither a disk nor a device is
// needed, and it never runs.

import { INTERNALS } from '../../base/internals.ts';
import { rebuildCycle, refusingMalformed } from '../../checkpoint/rebuild.ts';
import type { VmState } from '../../vm/save.ts';
import { loadMemory } from '../../snapshot/memory-image.ts';
import { Vm } from '../../vm/vm.ts';
import type { Checkpoints } from '../snapshot-file.ts';

const SYSTEM_CONTROL_A20 = 2;

/** InputError for a cycle that cannot be rebuilt. */
export function machineAt(store: Checkpoints, cycle: number): Vm {
  const { memory, vcpus, quantum, nsPerTick, rom } = store.base().machine;
  return refusingMalformed(store.file(cycle), () => {
    const { state, pages } = rebuildCycle(store, cycle);
    const vm = new Vm({ memory, vcpus, quantum, nsPerTick, engine: 'interpreter', ...(rom === undefined ? {} : { rom }) });
    loadMemory(vm, pages);
    vm.restore({ ...state, platform: null, blocks: {} });
    vm[INTERNALS].parts.physical.setA20(isA20Open(state));
    for (const cpu of vm[INTERNALS].cpus) {
      cpu.refresh();
      cpu.mmu.setControls();
    }
    return vm;
  });
}

/** What the devices that drive the gate say of it. */
function isA20Open({ platform }: VmState): boolean {
  const keyboard = platform?.['i8042'] as { readonly a20?: unknown } | undefined;
  const port = platform?.['system-control-a'] as { readonly control?: unknown } | undefined;
  return keyboard?.a20 !== 0 || (Number(port?.control ?? 0) & SYSTEM_CONTROL_A20) !== 0;
}
