import { describe, expect, it } from 'vitest';
import type { Faults } from '../../src/base/faults.ts';
import { configurations } from '../laws/support/configurations.ts';
import { MISTAKES } from './mistakes.ts';

// Each known way to lose or invent a dirty page is built into a machine: the check that is there to find it must fail with it,
// for the reason it gives, and pass without it.

/** The type demands that no fault is left out. */
// biome-ignore format: a table
const EVERY_FAULT: Readonly<Record<keyof Faults, true>> = {
  lostWrite: true, keepMarksAtRearm: true, loseQuiesceBeforeWait: true, clearRearmListFirst: true, cumulativeSets: true,
  keepEntriesOfDeletedSlot: true, reportNeighbour: true, skipDrain: true, copyBeforeRearm: true, skipPmlDrainAtExit: true,
  keepWritePermissionAtRearm: true, keepOtherVcpuTlb: true, rearmByLow32Bits: true, aliasKeepsPermission: true, keepLargePages: true,
  markFirstPageOnlyOnCrossing: true, hostWritesMissLog: true, keepStaleCode: true, harvestBeforeSave: true, skipAbort: true,
};

it('every fault that a machine can be built with has its check', () => {
  expect([...new Set(MISTAKES.flatMap(({ faults }) => Object.keys(faults)))].sort()).toEqual(Object.keys(EVERY_FAULT).sort());
});

const cases = configurations([1]).flatMap(({ engine, tracking }) =>
  MISTAKES.filter(({ only }) => only === undefined || only === tracking).map((mistake) => ({
    engine,
    tracking,
    ...mistake,
    fault: Object.keys(mistake.faults).join(' and '),
  })),
);

describe.each(cases)('$mistake ($fault), $engine, $tracking', ({ engine, tracking, faults, check, found }) => {
  it('is found', async () => {
    await expect((async () => check({ engine, tracking, faults }))()).rejects.toThrow(found);
  });

  it('is not there otherwise', async () => {
    await check({ engine, tracking, faults: {} });
  });
});
