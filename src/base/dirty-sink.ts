// Interface by which mmu tells that a page became dirty. The hub implements it, and so does each consumer to which the hub passes it
// on: mmu does not know who keeps lists, bitmaps or rings.

export interface DirtySink {
  /**
   * vCPU `vcpu` was permitted its first store to page `gfn` since this consumer armed it. What told is a write-protect violation, or
   * an entry drained from that vCPU's PML buffer. Called in the order in which the pages were written.
   */
  guestDirty(vcpu: number, gfn: number): void;

  /** A host-side write (device, loader, debugger, API) is about to change page `gfn`. Called for every such write. */
  hostDirty(gfn: number): void;

  /**
   * A PML entry was appended for `vcpu` and is not drained yet. `unflushed` is how many entries its buffer now holds; pages that
   * only others have armed are among them. A limit counts these entries too, so that it is exact to the instruction (mt.md,
   * MT_DIRTY_TRIGGER).
   */
  pmlAppended(vcpu: number, unflushed: number): void;
}

/** Stands where nobody listens. */
export const NO_SINK: DirtySink = { guestDirty() {}, hostDirty() {}, pmlAppended() {} };
