// Faults that a test may inject, one per known way to lose or invent a dirty page (mutation tests). A machine is built with
// none; each is looked at in exactly one place, and some test must fail when it is set.

export interface Faults {
  /** mt: one entry in 250 is counted, but never reaches its list. */
  readonly lostWrite?: boolean;
  /** mt: re-arming a page leaves its marks, so the next write to it is taken for a duplicate. */
  readonly keepMarksAtRearm?: boolean;
  /** mt: a WAIT that comes after VM_QUIESCED does not notice it and sleeps. */
  readonly loseQuiesceBeforeWait?: boolean;
  /** mt: the list of pages to re-arm is cleared before it is worked through. */
  readonly clearRearmListFirst?: boolean;
  /** mt: PREPARE reports the pages of the cycle before once more. */
  readonly cumulativeSets?: boolean;
  /** mt: deleting a memslot leaves its entries, marks and pages to re-arm. */
  readonly keepEntriesOfDeletedSlot?: boolean;
  /** mt: a write to a page reports the page beside it as well. */
  readonly reportNeighbour?: boolean;
  /** mt: what the hardware has logged is not collected at fetch, quiesce and PREPARE. */
  readonly skipDrain?: boolean;
  /** mt: a fetch with REARM leaves its pages to the next REARM or PREPARE, so that a copy made after it comes before they are armed. */
  readonly copyBeforeRearm?: boolean;
  /** vm: what the hardware has logged is not collected when a vCPU leaves guest mode. */
  readonly skipPmlDrainAtExit?: boolean;
  /** mmu: re-arming a page leaves the write permission that TLBs hold for it. */
  readonly keepWritePermissionAtRearm?: boolean;
  /** mmu: re-arming takes write permission out of vCPU 0's TLB only. */
  readonly keepOtherVcpuTlb?: boolean;
  /** mmu: re-arming takes a page's address modulo 4 GiB, as if the first memslot were the only one. */
  readonly rearmByLow32Bits?: boolean;
  /** mmu: of several TLB entries that hold write permission for one page, only the last is remembered. */
  readonly aliasKeepsPermission?: boolean;
  /** mmu: enabling leaves large EPT leaves, so that one D bit stands for 512 pages. */
  readonly keepLargePages?: boolean;
  /** mmu: the second page of a store that crosses pages is translated as if it were read. */
  readonly markFirstPageOnlyOnCrossing?: boolean;
  /** mmu: host-side writes pass the write door without being logged. */
  readonly hostWritesMissLog?: boolean;
  /** mmu: nobody is told that a page with decoded code is about to change. */
  readonly keepStaleCode?: boolean;
  /** checkpoint: the dirty pages are collected before the state is saved, though saving may write guest memory. */
  readonly harvestBeforeSave?: boolean;
  /** checkpoint: a cycle that could not be kept is not aborted, though fetching has cleared what was dirty. */
  readonly skipAbort?: boolean;
}

export const NO_FAULTS: Faults = {};
