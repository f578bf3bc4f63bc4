// The machine-wide control fields of the MMU. They live in the linear memory, because a thread that only attaches to the
// memory must know whether tracking is on and where the tables are.

import { stateTable, field } from '../base/state/table.ts';

export const MMU_STATE = stateTable('mmu', {
  eptp: field('u64', 'the EPTP: EPT root, write-back, four levels; bit 6 (A/D) while tracking by PML', { saved: false }),
  frameMask: field('u32', 'ANDed to every guest frame number: bit 8 is clear while the A20 gate is closed', { saved: false }),
  consumers: field('u32', 'bit c: consumer c of the hub has started; tracking is on while any has', { saved: false }),
  owedLength: field('u32', 'entries in the list of what other threads drained (dirty-hub.ts)', { saved: false }),
});
