// The pages that the guest has written since they were armed, read from the EPT itself. The lists are left alone: harvesting them is
// the checkpointer's.

import { INTERNALS } from '../base/internals.ts';
import { EPT_D, EPT_SLOT_WRITABLE, EPT_W } from '../mmu/ept-entry.ts';
import type { Vm } from '../vm/vm.ts';

/** Page numbers, ascending. A page is armed exactly when its leaf lacks D (PML) or W (write-protect). The vCPUs must not be running. */
export function writtenPages(vm: Vm): number[] {
  const { physical } = vm[INTERNALS].parts;
  const written = EPT_SLOT_WRITABLE | (vm.config.tracking === 'pml' ? EPT_D : EPT_W);
  const gfns: number[] = [];
  physical.views.places.forEach((gfn) => {
    if ((physical.views.ept.leafOf(gfn) & written) === written) gfns.push(gfn);
  });
  return gfns;
}
