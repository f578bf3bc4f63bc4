// Mistakes that `--inject` can build into the machine, to watch the proof fail.

import { InputError } from '../../base/errors.ts';
import type { Faults } from '../../base/faults.ts';

/** Every fault; the type demands that none is left out. What each does is said where it is declared. */
// biome-ignore format: a table
const FAULTS: Readonly<Record<keyof Faults, true>> = {
  lostWrite: true, keepMarksAtRearm: true, loseQuiesceBeforeWait: true, clearRearmListFirst: true, cumulativeSets: true,
  keepEntriesOfDeletedSlot: true, reportNeighbour: true, skipDrain: true, copyBeforeRearm: true, skipPmlDrainAtExit: true,
  keepWritePermissionAtRearm: true, keepOtherVcpuTlb: true, rearmByLow32Bits: true, aliasKeepsPermission: true, keepLargePages: true,
  markFirstPageOnlyOnCrossing: true, hostWritesMissLog: true, keepStaleCode: true, harvestBeforeSave: true, skipAbort: true,
};

const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The names that --inject takes. */
export const INJECTIONS: readonly string[] = Object.keys(FAULTS).map(kebab);

/** A fault to inject: how people call it, and what the machine is built with. */
export interface Injection {
  readonly name: string;
  readonly faults: Faults;
}

/** `lost-write` → { lostWrite: true }. InputError, listing the names, for any other. */
export function parseInjection(name: string): Injection {
  const key = (Object.keys(FAULTS) as (keyof Faults)[]).find((candidate) => kebab(candidate) === name);
  if (key === undefined) throw new InputError(`'${name}' is not one of ${INJECTIONS.join(', ')}`);
  return { name, faults: { [key]: true } };
}
