// How consumers of dirty pages learn which pages there are.

/** A memslot, in pages. */
export interface MemslotPages {
  readonly slot: number;
  /** Its first page. */
  readonly gfn: number;
  readonly count: number;
  /** KVM_MEM_LOG_DIRTY_PAGES. */
  readonly logDirty: boolean;
}

export interface SlotListener {
  /** The slot was added; no consumer has armed any of its pages. */
  onSlotAdded(slot: MemslotPages): void;
  /** The slot is gone. What was stored to its pages was heard before, and none of them is armed. */
  onSlotDeleted(slot: MemslotPages): void;
  /** `logDirty` is not what it was. */
  onSlotFlagged(slot: MemslotPages): void;
}
