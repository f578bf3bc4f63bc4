// The known ways to get memory tracking wrong, each as a fault to inject, a check that finds it, and what the check then says.

import type { Faults } from '../../src/base/faults.ts';
import type { EngineName, Method } from '../laws/support/configurations.ts';
import { NO_DUPS } from '../mt/laws/machine.ts';
import {
  aliasedPage,
  crossingStores,
  cyclesAreComplete,
  hugePages,
  logIsFlushed,
  marksAreCleared,
  secondSlot,
  slotIsReused,
  waitAfterQuiesce,
} from './checks.ts';
import { checkpointsAfterFailure, checkpointsOfSavingDevice } from './checkpoint-checks.ts';
import { guestSeesItsCode, loaderIsLogged, otherProcessor, triggerIsExact } from './guest-checks.ts';

export interface Injected {
  readonly engine: EngineName;
  readonly tracking: Method;
  readonly faults: Faults;
}

export type Check = (injected: Injected) => void | Promise<void>;

export interface Mistake {
  readonly mistake: string;
  readonly faults: Faults;
  /** The one method that it concerns. */
  readonly only?: Method;
  readonly check: Check;
  readonly found: RegExp;
}

const LOST = /lost in cycle|lost write: page|pages lost/;

export const MISTAKES: readonly Mistake[] = [
  { mistake: 'an entry that is counted and never reaches its list', faults: { lostWrite: true }, check: hugePages, found: LOST },
  {
    mistake: 'copying a page before it is re-armed',
    faults: { copyBeforeRearm: true },
    check: cyclesAreComplete(NO_DUPS, true),
    found: LOST,
  },
  {
    mistake: 're-arming without dropping the write-TLB entry',
    faults: { keepWritePermissionAtRearm: true },
    check: cyclesAreComplete(0, true),
    found: LOST,
  },
  {
    mistake: 'not flushing PML at an exit',
    faults: { skipPmlDrainAtExit: true },
    only: 'pml',
    check: triggerIsExact,
    found: /expected 'hlt'/,
  },
  {
    mistake: 'not flushing PML at an exit, nor at a fetch',
    faults: { skipPmlDrainAtExit: true, skipDrain: true },
    only: 'pml',
    check: cyclesAreComplete(0, false),
    found: LOST,
  },
  { mistake: 'what is logged out of guest mode stays in PML', faults: { skipDrain: true }, only: 'pml', check: logIsFlushed, found: LOST },
  {
    mistake: 'clearing the list of what to re-arm before re-arming it',
    faults: { clearRearmListFirst: true },
    check: cyclesAreComplete(0, false),
    found: LOST,
  },
  {
    mistake: 'device or host writes that miss the log',
    faults: { hostWritesMissLog: true },
    check: cyclesAreComplete(0, false),
    found: LOST,
  },
  { mistake: 'loader writes that miss the log', faults: { hostWritesMissLog: true }, check: loaderIsLogged, found: LOST },
  {
    mistake: 'harvesting before device state is saved when saving itself writes guest memory',
    faults: { harvestBeforeSave: true },
    check: checkpointsOfSavingDevice,
    found: /cycles that are not rebuilt/,
  },
  {
    mistake: 'clear-on-read followed by a failed write of the checkpoint',
    faults: { skipAbort: true },
    check: checkpointsAfterFailure,
    found: /cycles that are not rebuilt/,
  },
  {
    mistake: 'cumulative instead of per-cycle sets',
    faults: { cumulativeSets: true },
    check: cyclesAreComplete(0, true),
    found: /carried over|not written/,
  },
  {
    mistake: 'slots deleted and reused with entries pending',
    faults: { keepEntriesOfDeletedSlot: true },
    check: slotIsReused,
    found: /the old slot's entries/,
  },
  { mistake: 'offsets wrong with several memslots', faults: { rearmByLow32Bits: true }, check: secondSlot, found: LOST },
  { mistake: 'an alias GVA of the page keeping write permission', faults: { aliasKeepsPermission: true }, check: aliasedPage, found: LOST },
  { mistake: "another vCPU's TLB keeping it", faults: { keepOtherVcpuTlb: true }, check: otherProcessor, found: LOST },
  {
    mistake: 'a neighbour reported as well',
    faults: { reportNeighbour: true },
    check: cyclesAreComplete(0, true),
    found: /reported and not written/,
  },
  {
    mistake: 'a stale block of code kept after its page changed',
    faults: { keepStaleCode: true },
    check: guestSeesItsCode,
    found: /changed code was not the code that ran/,
  },
  {
    mistake: 'NO_DUPS mark not cleared at re-arm',
    faults: { keepMarksAtRearm: true },
    check: marksAreCleared,
    found: /expected \+?0 to be 1/,
  },
  {
    mistake: 'NO_DUPS mark not cleared at re-arm: a write is lost',
    faults: { keepMarksAtRearm: true },
    check: cyclesAreComplete(NO_DUPS, true),
    found: LOST,
  },
  {
    mistake: 'a wake-up lost when QUIESCED comes before the WAIT',
    faults: { loseQuiesceBeforeWait: true },
    check: waitAfterQuiesce,
    found: /EDEADLK/,
  },
  { mistake: 'a large-page D bit that hides 511 pages', faults: { keepLargePages: true }, check: hugePages, found: LOST },
  {
    mistake: 'a page-crossing store that marks one page of two',
    faults: { markFirstPageOnlyOnCrossing: true },
    check: crossingStores,
    found: LOST,
  },
];
