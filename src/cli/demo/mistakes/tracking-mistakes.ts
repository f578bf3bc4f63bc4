// Known ways to get memory tracking itself wrong, each put around a part of it.

import { INTERNALS } from '../../../base/internals.ts';
import type { MemoryTracking } from '../../../mt/memory-tracking.ts';
import { PageFlag } from '../../../mt/layout.ts';
import type { MtViews } from '../../../mt/layout.ts';
import { around } from '../../../vm/seams.ts';

export type TrackingMistake = (mt: MemoryTracking) => void;

/** One report in so many is lost. */
const LOST_ONE_IN = 250;

/** What pages `gfns` have in `elements`, to be put back. */
function keeping(elements: Uint32Array | Uint8Array, { places }: MtViews, gfns: Iterable<number>): () => void {
  const before = Array.from(gfns, (gfn) => ({ place: places.of(gfn), value: elements[places.of(gfn)]! }));
  return () => {
    for (const { place, value } of before) elements[place] = value;
  };
}

/** One report in 250 never reaches its list. */
export const lostWrite: TrackingMistake = (mt) => {
  let reports = 0;
  around(mt, 'guestDirty', (original) => (vcpu, gfn) => {
    if (++reports % LOST_ONE_IN !== 0) original(vcpu, gfn);
  });
};

/** A write to a page reports the page beside it as well. */
export const reportNeighbour: TrackingMistake = (mt) => {
  around(mt, 'guestDirty', (original) => (vcpu, gfn) => {
    original(vcpu, gfn);
    original(vcpu, gfn ^ 1);
  });
};

/** Re-arming a page leaves its marks, so the next write to it is taken for a duplicate. */
export const keepMarksAtRearm: TrackingMistake = ({ [INTERNALS]: { lists } }) => {
  around(lists, 'noteArmed', (original) => (gfns) => {
    const putBack = keeping(lists.views.marks, lists.views, gfns);
    original(gfns);
    putBack();
  });
};

/** Re-arming a page clears the mark of a source whose entry for it still waits, too. */
export const clearMarksOfWaiting: TrackingMistake = ({ [INTERNALS]: { lists } }) => {
  around(lists, 'noteArmed', (original) => (gfns) => {
    original(gfns);
    const { marks, places } = lists.views;
    for (const gfn of gfns) marks[places.of(gfn)] = 0;
  });
};

/** A page fetched unarmed that is in the list of what to re-arm already is not noted as unarmed again. */
export const forgetUnarmedAgain: TrackingMistake = ({ [INTERNALS]: { lists } }) => {
  around(lists, 'noteUnarmed', (original) => (gfns) => {
    const { flags, places } = lists.views;
    const listed = [...gfns].filter((gfn) => (flags[places.of(gfn)]! & PageFlag.LISTED) !== 0);
    const putBack = keeping(flags, lists.views, listed);
    original(gfns);
    putBack();
  });
};

/** The list of pages to re-arm is cleared before it is worked through. */
export const clearRearmListFirst: TrackingMistake = ({ [INTERNALS]: { lists } }) => {
  around(lists, 'unarmed', (original) => () => {
    lists.clearUnarmed();
    return original();
  });
};

/** PREPARE reports the pages of the cycle before once more. */
export const cumulativeSets: TrackingMistake = ({ [INTERNALS]: { lists } }) => {
  around(lists, 'startCycle', (original) => () => {
    lists.reportAgain();
    original();
  });
};

/** Deleting a memslot leaves its entries, marks and pages to re-arm. */
export const keepEntriesOfDeletedSlot: TrackingMistake = ({ [INTERNALS]: { lists } }) => {
  around(lists, 'discard', () => () => 0);
};

/** Deleting a memslot leaves its pages in the list of what to re-arm. */
export const keepDeletedInRearmList: TrackingMistake = ({ [INTERNALS]: { lists } }) => {
  around(lists, 'discard', (original) => (gfn, count) => {
    const { rearmLength } = lists.control;
    const before = lists.views.rearmList.slice(0, rearmLength[0]);
    const discarded = original(gfn, count);
    lists.views.rearmList.set(before);
    rearmLength[0] = before.length;
    return discarded;
  });
};

/** What the hardware has logged is not collected at fetch, quiesce and PREPARE. */
export const skipDrain: TrackingMistake = ({ [INTERNALS]: { fetches } }) => {
  around(fetches, 'drain', () => () => {});
};

/** A fetch with REARM leaves its pages to the next REARM or PREPARE: a copy made after it comes before they are armed. */
export const copyBeforeRearm: TrackingMistake = ({ [INTERNALS]: { fetches } }) => {
  around(fetches, 'take', (original) => (fetch) => original({ ...fetch, rearm: false }));
};

/** A WAIT that comes after VM_QUIESCED does not notice it and sleeps. */
export const loseQuiesceBeforeWait: TrackingMistake = ({ [INTERNALS]: { fetches, lists } }) => {
  around(fetches, 'satisfied', (original) => (fetch) => {
    const { quiesced } = lists.control;
    const [before] = quiesced;
    quiesced[0] = 0;
    const satisfied = original(fetch);
    quiesced[0] = before;
    return satisfied;
  });
};

/** The dirty pages are collected at VM_QUIESCED, before devices are saved: but saving a device may write guest memory. */
export const harvestBeforeSave: TrackingMistake = (mt) => {
  let harvest: number[] = [];
  around(mt, 'mtVmQuiesced', (original) => () => {
    original();
    harvest = [...mt[INTERNALS].lists.take(0x7fffffff)];
    mt[INTERNALS].lists.noteUnarmed(Uint32Array.from(harvest));
  });
  around(mt, 'fetchSublist', () => ({ count }) => ({ gfns: Uint32Array.from(harvest.splice(0, count)), waiting: harvest.length }));
};

/** A cycle that could not be kept is not aborted: but fetching has cleared what was dirty. */
export const skipAbort: TrackingMistake = (mt) => {
  around(mt, 'abort', () => () => 0);
};
