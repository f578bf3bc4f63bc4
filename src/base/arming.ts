// Interface by which a consumer of dirty pages has pages armed. The consumer need not know how the machine notices a first store:
// mmu implements the interface over the hub, for the write-protect method and for PML. Nothing here is x86's.
//
// Each consumer has its own arming. It hears of the first guest store to a page since it armed the page itself, whatever other
// consumers have armed or heard meanwhile.

export interface Arming {
  /** Starts and arms every page that the guest may write; large pages are split. Nothing changes if started. O(mapped pages). */
  enable(): void;

  /** Stops: no page is noticed for this consumer any more. O(pages). */
  disable(): void;

  /**
   * Arms exactly the pages gfns[0 … count-1] and takes the write permission of exactly those pages out of every vCPU's TLB;
   * translations stay. Idempotent per page. Pages that are not backed by a memslot are passed over. O(count).
   */
  rearm(gfns: ArrayLike<number>, count: number): void;

  /** Reports to the consumers, in write order, what the hardware has logged for one vCPU. The vCPU is out of guest mode. */
  drain(vcpu: number): void;
}

/** For a consumer that tracks parts of memory. */
export interface RangeArming extends Arming {
  /** Starts with no page armed. Nothing changes if started. */
  start(): void;

  /** Arms the pages [gfn, gfn + count), as `rearm` does. */
  armRange(gfn: number, count: number): void;

  /** Disarms the pages [gfn, gfn + count). The consumer hears first what was stored to them so far. */
  disarmRange(gfn: number, count: number): void;
}
