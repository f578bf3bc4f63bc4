// What of a machine goes to a worker thread that fetches from its lists.

import type { MachineShape, MemoryPlan } from '../base/state/regions.ts';
import type { TrackingMethod } from '../mmu/tracking.ts';

/** What a worker thread needs to fetch from this machine's lists. */
export interface FetcherSeed {
  /** @internal */
  readonly memory: WebAssembly.Memory;
  /** @internal */
  readonly plan: MemoryPlan;
  /** @internal */
  readonly shape: MachineShape;
  /** @internal */
  readonly requestWords: readonly number[];
  /** What the hardware offers to tracking. */
  readonly method: TrackingMethod;
  /**
   * Which consumer of the hub memory tracking is.
   * @internal
   */
  readonly consumer: number;
}
