// Faults that a test may inject, one per known way to lose or invent a dirty page (mutation tests). A machine is built with
// none; each is looked at in exactly one place, and some test must fail when it is set.

export interface Faults {
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
}

export const NO_FAULTS: Faults = {};
