// The known ways to lose or invent a dirty page, by name: what a test, or `demo --inject`, builds a machine with.

import type { Wrap } from '../../../vm/seams.ts';
import * as machine from './machine-mistakes.ts';
import * as tracking from './tracking-mistakes.ts';

const onTracking = (mistake: tracking.TrackingMistake): Wrap => {
  return ({ mt }) => mistake(mt);
};

/** What each does is said where it is declared. */
export const MISTAKES = {
  ...machine,
  lostWrite: onTracking(tracking.lostWrite),
  reportNeighbour: onTracking(tracking.reportNeighbour),
  keepMarksAtRearm: onTracking(tracking.keepMarksAtRearm),
  clearMarksOfWaiting: onTracking(tracking.clearMarksOfWaiting),
  forgetUnarmedAgain: onTracking(tracking.forgetUnarmedAgain),
  clearRearmListFirst: onTracking(tracking.clearRearmListFirst),
  cumulativeSets: onTracking(tracking.cumulativeSets),
  keepEntriesOfDeletedSlot: onTracking(tracking.keepEntriesOfDeletedSlot),
  keepDeletedInRearmList: onTracking(tracking.keepDeletedInRearmList),
  skipDrain: onTracking(tracking.skipDrain),
  copyBeforeRearm: onTracking(tracking.copyBeforeRearm),
  loseQuiesceBeforeWait: onTracking(tracking.loseQuiesceBeforeWait),
  harvestBeforeSave: onTracking(tracking.harvestBeforeSave),
  skipAbort: onTracking(tracking.skipAbort),
} as const satisfies Readonly<Record<string, Wrap>>;

export type MistakeName = keyof typeof MISTAKES;

/** Builds all of `names` in together. */
export const mistaken =
  (...names: MistakeName[]): Wrap =>
  (seams) => {
    for (const name of names) MISTAKES[name](seams);
  };
