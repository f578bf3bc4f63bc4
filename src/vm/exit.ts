// Why `run` came back, as one union. Internal exits (EPT violations, PML full) never show.

import type { ChainedFault } from '../cpu/signals.ts';
import type { OutsideAccess } from '../cpu/replay.ts';
import type { Position } from './journal.ts';

/** Why a run came back. */
export type Exit =
  /**
   * An unclaimed port or MMIO access: fill in `access.value` for a read, then run again. An access of 8 bytes comes as two of 4,
   * the low half first; a half that crosses a page comes byte by byte, and of it only what is not RAM.
   */
  | { readonly kind: 'io' | 'mmio'; readonly access: OutsideAccess }
  /** Every vCPU is halted (or was never started) and no device will wake one. */
  | { readonly kind: 'hlt' }
  /** Triple fault: the exceptions that led to it, oldest first. Returned again by each further run in which nothing else can run. */
  | { readonly kind: 'shutdown'; readonly chain: readonly ChainedFault[] }
  /** The board ended the run (a debug-exit device): the value written. */
  | { readonly kind: 'debug-exit'; readonly value: number }
  /** The guest pulled the reset line, by which PCs are rebooted. The machine is as it was: to reset it is the caller's. */
  | { readonly kind: 'reset' }
  /**
   * Memory tracking's dirty trigger, or `max_dirty`, was reached by the `dirty` entries of cycle `cpid` (null before the first PREPARE).
   */
  | { readonly kind: 'mt-dirty-trigger' | 'mt-list-full'; readonly cpid: bigint | null; readonly dirty: number }
  /** KVM_EXIT_DIRTY_RING_FULL: the dirty ring of vCPU `vcpu`. Returned again by each further run until entries are reset. */
  | { readonly kind: 'dirty-ring-full'; readonly vcpu: number }
  /** A kick, or an AbortSignal. */
  | { readonly kind: 'interrupted' }
  /** The limit given to `runSlice` was reached, or one of those in its options. */
  | { readonly kind: 'limit' };

/** What a run came to. */
export interface SliceResult {
  /** Index of the vCPU that was executing. */
  readonly vcpu: number;
  /** Why it came back. */
  readonly exit: Exit;
  /** Instructions retired in this slice, over all vCPUs. */
  readonly retired: number;
  /**
   * With exit `limit`, when all vCPUs sleep beyond `idleUntil` or `until`: the virtual time in nanoseconds at which a device will
   * wake the machine.
   */
  readonly sleepsUntil?: number;
}

/** A moment at which a slice is to stop. */
export interface StopAt extends Position {
  /** Not before an access has left the machine there. */
  readonly waiting: boolean;
}

/** Where a slice stops, besides its limit of instructions. */
export interface SliceOptions {
  /** Stop there with exit `limit`, or at the first boundary after it if the machine does not stop there. */
  readonly until?: StopAt;
  /**
   * The virtual time in nanoseconds up to which time may be skipped while all vCPUs sleep; any time if not given. For hosts
   * that keep to the wall clock.
   */
  readonly idleUntil?: number;
  /**
   * Milliseconds of the host's clock that the slice may take; any time if not given. After them the slice ends with exit `limit` at
   * its next look at the clock, a moment later. Where it ends is of no consequence to the guest.
   */
  readonly milliseconds?: number;
}
