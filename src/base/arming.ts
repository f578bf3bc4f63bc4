// Interface by which mt asks for pages to be armed, without knowing how the machine notices a first store. mmu implements
// it once for the write-protect method and once for PML. mt may not know x86, so nothing here is x86's.

export interface Arming {
  /** Arms every mapped page and takes write permission out of every TLB entry; large pages are split. O(mapped pages). */
  enable(): void;

  /** The reverse: no page is noticed any more. O(mapped pages). */
  disable(): void;

  /**
   * Arms exactly the pages gfns[0 … count-1] and takes the write permission of exactly those pages out of every vCPU's TLB;
   * translations stay. Idempotent per page. Pages that are not backed by a memslot are passed over. O(count).
   */
  rearm(gfns: ArrayLike<number>, count: number): void;

  /** Hands what the hardware has logged and not yet reported to the DirtySink, in write order, for one vCPU out of guest mode. */
  drain(vcpu: number): void;
}
