// Mistakes that `--inject` can build into the machine, to watch the proof fail: by name, with the scene in which each shows.

import { InputError } from '../../base/errors.ts';
import { didYouMean } from '../../base/near.ts';
import type { Wrap } from '../../vm/seams.ts';
import { MISTAKES } from './mistakes/mistakes.ts';
import type { MistakeName } from './mistakes/mistakes.ts';
import * as checkpointProofs from './proofs/checkpoint-proofs.ts';
import * as proofs from './proofs/proofs.ts';
import type { Proof } from './proofs/proofs.ts';

/** The scene is the guest with the map. */
const MAP = null;

/** By mistake, the proof that shows it; the type demands that none is left out. */
const SCENES: Readonly<Record<MistakeName, Proof | null>> = {
  lostWrite: MAP,
  reportNeighbour: MAP,
  keepMarksAtRearm: MAP,
  clearRearmListFirst: MAP,
  cumulativeSets: MAP,
  keepWritePermissionAtRearm: MAP,
  keepLargePages: MAP,
  clearMarksOfWaiting: proofs.twoSources,
  forgetUnarmedAgain: proofs.unarmedTwice,
  keepEntriesOfDeletedSlot: proofs.deletedSlot,
  keepDeletedInRearmList: proofs.replacedSlot,
  skipDrain: proofs.debuggerStore,
  copyBeforeRearm: proofs.fetcher,
  loseQuiesceBeforeWait: proofs.lateFetcher,
  harvestBeforeSave: checkpointProofs.savingDevice,
  skipAbort: checkpointProofs.failingStore,
  keepOtherVcpuTlb: proofs.twoProcessors,
  keepOtherVcpuTranslations: proofs.slotOfTwoProcessors,
  aliasKeepsPermission: proofs.alias,
  rearmByLow32Bits: proofs.highSlot,
  markFirstPageOnlyOnCrossing: proofs.crossing,
  hostWritesMissLog: proofs.hostWrites,
  keepStaleCode: proofs.changedCode,
  skipPmlDrainAtExit: proofs.exactTrigger,
};

const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const NAMES = Object.keys(SCENES) as MistakeName[];

/** The names that --inject takes. */
export const INJECTIONS: readonly string[] = NAMES.map(kebab);

/** A mistake to inject: how people call it, what the machine is built with, and the scene that shows it, null for the map. */
export interface Injection {
  readonly name: string;
  readonly wrap: Wrap;
  readonly proof: Proof | null;
}

/** `lost-write` → what it stands for. InputError, listing the names, for any other. */
export function parseInjection(name: string): Injection {
  const key = NAMES.find((candidate) => kebab(candidate) === name);
  if (key === undefined) throw new InputError(`'${name}' is not one of ${INJECTIONS.join(', ')}${didYouMean(name, INJECTIONS)}`);
  return { name, wrap: MISTAKES[key], proof: SCENES[key] };
}
