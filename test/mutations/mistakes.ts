// The known ways to get memory tracking wrong, each as what a machine is built with, a check that finds it, and what the check
// then says.

import type { MistakeName } from '../../src/cli/demo/mistakes/mistakes.ts';
import type { Wrap } from '../../src/vm/seams.ts';
import type { EngineName, Method } from '../laws/support/configurations.ts';
import { NO_DUPS } from '../mt/laws/machine.ts';
import {
  aliasedPage,
  crossingStores,
  cyclesAreComplete,
  hugePages,
  deletedForEveryProcessor,
  logIsFlushed,
  marksAreCleared,
  oneEntryASource,
  secondSlot,
  slotIsRearmedOnce,
  slotIsReused,
  unarmedAgain,
  waitAfterQuiesce,
} from './checks.ts';
import { checkpointsAfterFailure, checkpointsOfSavingDevice } from './checkpoint-checks.ts';
import { guestSeesItsCode, loaderIsLogged, otherProcessor, triggerIsExact } from './guest-checks.ts';

export interface Injected {
  readonly engine: EngineName;
  readonly tracking: Method;
  readonly wrap: Wrap;
}

export type Check = (injected: Injected) => void | Promise<void>;

export interface Mistake {
  readonly mistake: string;
  readonly built: readonly MistakeName[];
  /** The one method that it concerns. */
  readonly only?: Method;
  readonly check: Check;
  readonly found: RegExp;
}

const LOST = /lost in cycle|lost write: page|pages lost/;

export const MISTAKES: readonly Mistake[] = [
  { mistake: 'an entry that is counted and never reaches its list', built: ['lostWrite'], check: hugePages, found: LOST },
  {
    mistake: 'copying a page before it is re-armed',
    built: ['copyBeforeRearm'],
    check: cyclesAreComplete(NO_DUPS, true),
    found: LOST,
  },
  {
    mistake: 're-arming without dropping the write-TLB entry',
    built: ['keepWritePermissionAtRearm'],
    check: cyclesAreComplete(0, true),
    found: LOST,
  },
  {
    mistake: 'not flushing PML at an exit',
    built: ['skipPmlDrainAtExit'],
    only: 'pml',
    check: triggerIsExact,
    found: /expected 'hlt'/,
  },
  {
    mistake: 'not flushing PML at an exit, nor at a fetch',
    built: ['skipPmlDrainAtExit', 'skipDrain'],
    only: 'pml',
    check: cyclesAreComplete(0, false),
    found: LOST,
  },
  { mistake: 'what is logged out of guest mode stays in PML', built: ['skipDrain'], only: 'pml', check: logIsFlushed, found: LOST },
  {
    mistake: 'clearing the list of what to re-arm before re-arming it',
    built: ['clearRearmListFirst'],
    check: cyclesAreComplete(0, false),
    found: LOST,
  },
  {
    mistake: 'device or host writes that miss the log',
    built: ['hostWritesMissLog'],
    check: cyclesAreComplete(0, false),
    found: LOST,
  },
  { mistake: 'loader writes that miss the log', built: ['hostWritesMissLog'], check: loaderIsLogged, found: LOST },
  {
    mistake: 'harvesting before device state is saved when saving itself writes guest memory',
    built: ['harvestBeforeSave'],
    check: checkpointsOfSavingDevice,
    found: /cycles that are not rebuilt/,
  },
  {
    mistake: 'clear-on-read followed by a failed write of the checkpoint',
    built: ['skipAbort'],
    check: checkpointsAfterFailure,
    found: /cycles that are not rebuilt/,
  },
  {
    mistake: 'cumulative instead of per-cycle sets',
    built: ['cumulativeSets'],
    check: cyclesAreComplete(0, true),
    found: /carried over|not written/,
  },
  {
    mistake: 'slots deleted and reused with entries pending',
    built: ['keepEntriesOfDeletedSlot'],
    check: slotIsReused,
    found: /the old slot's entries/,
  },
  {
    mistake: 'pages of a deleted slot left in the list of what to re-arm',
    built: ['keepDeletedInRearmList'],
    check: slotIsRearmedOnce,
    found: /pages re-armed/,
  },
  {
    mistake: "a deleted slot left in the other vCPUs' TLBs",
    built: ['keepOtherVcpuTranslations'],
    check: deletedForEveryProcessor,
    found: /expected 'hlt'/,
  },
  {
    mistake: 're-arming clears the mark of a source whose entry still waits',
    built: ['clearMarksOfWaiting'],
    check: oneEntryASource,
    found: /entries that wait/,
  },
  {
    mistake: 'a page fetched unarmed twice in a cycle is re-armed only once',
    built: ['forgetUnarmedAgain'],
    check: unarmedAgain,
    found: LOST,
  },
  { mistake: 'offsets wrong with several memslots', built: ['rearmByLow32Bits'], check: secondSlot, found: LOST },
  { mistake: 'an alias GVA of the page keeping write permission', built: ['aliasKeepsPermission'], check: aliasedPage, found: LOST },
  { mistake: "another vCPU's TLB keeping it", built: ['keepOtherVcpuTlb'], check: otherProcessor, found: LOST },
  {
    mistake: 'a neighbour reported as well',
    built: ['reportNeighbour'],
    check: cyclesAreComplete(0, true),
    found: /reported and not written/,
  },
  {
    mistake: 'a stale block of code kept after its page changed',
    built: ['keepStaleCode'],
    check: guestSeesItsCode,
    found: /changed code was not the code that ran/,
  },
  {
    mistake: 'NO_DUPS mark not cleared at re-arm',
    built: ['keepMarksAtRearm'],
    check: marksAreCleared,
    found: /expected \+?0 to be 1/,
  },
  {
    mistake: 'NO_DUPS mark not cleared at re-arm: a write is lost',
    built: ['keepMarksAtRearm'],
    check: cyclesAreComplete(NO_DUPS, true),
    found: LOST,
  },
  {
    mistake: 'a wake-up lost when QUIESCED comes before the WAIT',
    built: ['loseQuiesceBeforeWait'],
    check: waitAfterQuiesce,
    found: /EDEADLK/,
  },
  { mistake: 'a large-page D bit that hides 511 pages', built: ['keepLargePages'], check: hugePages, found: LOST },
  {
    mistake: 'a page-crossing store that marks one page of two',
    built: ['markFirstPageOnlyOnCrossing'],
    check: crossingStores,
    found: LOST,
  },
];
