// Tracking for a thread that has only the memory: a fetcher that re-arms pages and drains PML buffers. The caller holds the
// machine's lock around every call.

import type { Arming } from '../base/arming.ts';
import { NO_SINK } from '../base/dirty-sink.ts';
import type { DirtySink } from '../base/dirty-sink.ts';
import type { LinearMemory } from '../base/linear-memory.ts';
import type { MachineShape, MemoryPlan } from '../base/state/regions.ts';
import { DirtyHub } from './dirty-hub.ts';
import { Tracking } from './tracking.ts';
import type { TrackingMethod } from './tracking.ts';
import { MmuViews } from './views.ts';

/**
 * The Arming of the machine's consumer `id` as seen from another thread; `method` as at the machine's creation. What `drain`
 * finds for this consumer goes to `sink`. What it finds for others waits until the machine's own thread delivers it.
 */
export function attachArming(
  memory: LinearMemory,
  plan: MemoryPlan,
  shape: MachineShape,
  method: TrackingMethod,
  sink: DirtySink = NO_SINK,
  id = 0,
): Arming {
  const views = new MmuViews(memory, plan, shape);
  return new DirtyHub(views, new Tracking(views, method)).attach(id).connect(sink);
}
