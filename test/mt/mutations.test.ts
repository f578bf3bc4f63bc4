import { describe, expect, it } from 'vitest';
import * as mistakes from '../../src/cli/demo/mistakes/tracking-mistakes.ts';
import { oncePerSource } from './laws/lists.ts';
import { NO_DUPS } from './laws/machine.ts';
import { copyIsComplete } from './laws/no-lost-write.ts';
import { SyntheticMachine } from './synthetic-machine.ts';
import type { SyntheticOptions } from './synthetic-machine.ts';

// Each known mistake is built in, and the check that is there to find it must fail with it and pass without.

type Check = (options: SyntheticOptions) => void | Promise<void>;

const law12 =
  (flags: number, rearm: boolean, method: 'write-protect' | 'pml'): Check =>
  (options) => {
    for (let seed = 1; seed <= 5; seed++) copyIsComplete(new SyntheticMachine({ ...options, method, pages: 40 }), { seed, flags, rearm });
  };

const quiesceBeforeWait: Check = async (options) => {
  const { mt } = new SyntheticMachine(options).track();
  mt.mtVmQuiesced();
  expect(mt.fetchSublist({ count: 1, wait: true }).gfns).toHaveLength(0);
};

const slotReuse: Check = (options) => {
  const machine = new SyntheticMachine(options).track();
  machine.stores([
    { vcpu: 0, gfn: 3 },
    { vcpu: 0, gfn: 9 },
  ]);
  machine.mt.slotDeleted(0, 8);
  expect(machine.fetchAll()).toEqual([9]);
};

/** The hardware's log is collected by the fetch and the quiesce themselves, not only by the run loop at exits. */
const hardwareLog: Check = (options) => {
  const machine = new SyntheticMachine({ ...options, method: 'pml' }).track();
  machine.arming.noticeStore(0, 3);
  machine.mt.mtVmQuiesced();
  expect(machine.fetchAll()).toEqual([3]);
};

describe('known mistakes', () => {
  it.each<[string, mistakes.TrackingMistake, Check]>([
    ['keepMarksAtRearm', mistakes.keepMarksAtRearm, (options) => oncePerSource(new SyntheticMachine(options), NO_DUPS)],
    ['keepMarksAtRearm', mistakes.keepMarksAtRearm, law12(NO_DUPS, true, 'write-protect')],
    ['clearRearmListFirst', mistakes.clearRearmListFirst, law12(0, false, 'write-protect')],
    ['cumulativeSets', mistakes.cumulativeSets, law12(0, false, 'write-protect')],
    ['reportNeighbour', mistakes.reportNeighbour, law12(0, true, 'pml')],
    ['loseQuiesceBeforeWait', mistakes.loseQuiesceBeforeWait, quiesceBeforeWait],
    ['keepEntriesOfDeletedSlot', mistakes.keepEntriesOfDeletedSlot, slotReuse],
    ['skipDrain', mistakes.skipDrain, hardwareLog],
  ])('%s is found', async (_name, mistake, check) => {
    await check({});
    await expect((async () => check({ mistake }))()).rejects.toThrow();
  });
});
