// What happens in the demo, as the views get to know it.

import type { CycleReport } from '../../checkpoint/checkpointer.ts';
import type { LostWriteError } from '../../mt/shadow.ts';
import type { Exit } from '../../vm/exit.ts';
import type { TrackedWork } from './options.ts';

/** Tracking is on and the base has been taken. */
export interface DemoStart {
  readonly work: TrackedWork;
  /** Pages of RAM, and how many of them from page 0 on the guest makes use of. */
  readonly pages: number;
  readonly pagesUsed: number;
}

export interface DemoCycle extends CycleReport {
  /** Entries that the cycle counted. */
  readonly dirty: number;
}

export interface DemoEnd {
  /** The guest's end, a signal to stop, or the proof's failure. */
  readonly how: 'guest' | 'interrupted' | 'failed';
  /** How the guest ended, null if it did not. */
  readonly exit: Exit | null;
  readonly cycles: number;
  /** Pages reported, once for each cycle that reported them. */
  readonly reported: number;
  readonly retired: bigint;
  readonly pages: number;
  /** Comparisons of all memory with the shadow, each without a difference that was not reported. */
  readonly compared: number;
  /** How many cycles were rebuilt and compared by hash, and which of them differ (0 is the base). Null if none was rebuilt. */
  readonly rebuilt: { readonly checked: number; readonly wrong: readonly number[] } | null;
  /** Why the proof failed, in one line; null if it did not. */
  readonly failure: string | null;
  readonly lost: LostWriteError | null;
  readonly milliseconds: number;
  /** Milliseconds of that for the proof: comparing all memory, its hash at each cycle's end, and rebuilding the cycles. */
  readonly proof: number;
}

export type DemoEvent =
  | { readonly kind: 'start'; readonly start: DemoStart }
  /** Bytes of the guest's console. */
  | { readonly kind: 'serial'; readonly bytes: Uint8Array }
  | { readonly kind: 'cycle'; readonly cycle: DemoCycle }
  | { readonly kind: 'end'; readonly end: DemoEnd };

export interface DemoView {
  /** Shows `event`; what it returns is awaited, so that a view can set the pace. */
  show(event: DemoEvent): Promise<void> | void;
  /** Gives the terminal back as it was. May be called twice. */
  close(): void;
}
