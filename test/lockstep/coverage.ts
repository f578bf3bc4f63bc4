// The engine that is tested is the engine that ran: of a whole guest's instructions, less those that ask for a system helper
// (a kernel that polls its serial port is a twelfth IN and OUT), at least 95 % run translated.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { surveyOf } from '../../src/cpu/survey.ts';
import { Op } from '../../src/cpu/interpreter/op.ts';
import { CATALOG } from '../guests/catalog.ts';
import { loadGuest, runGuest } from '../guests/run-guest.ts';
import { translatorOf } from './support/share.ts';

const MAX_MILLIONS = 25;
// Boot disks are a few thousand instructions, next to data that they write: the pages of their code change all the time.
const RUNS = CATALOG.filter(({ entry }) => entry !== 'boot-sector').flatMap(({ image, name, runs }) =>
  runs.filter(({ millions }) => millions <= MAX_MILLIONS).map((run) => ({ image, run, title: `${name} ${run.append}`.trim() })),
);

/** Counts the executions of what only the interpreter can execute. */
function countInherent(): { count: number } {
  const counter = { count: 0 };
  const execute = Op.prototype.execute;
  const isInherent = new WeakMap<Op, boolean>();
  vi.spyOn(Op.prototype, 'execute').mockImplementation(function (this: Op, builders) {
    const known = isInherent.get(this) ?? surveyOf(this.insn).interpreted;
    isInherent.set(this, known);
    if (known) counter.count++;
    execute.call(this, builders);
  });
  return counter;
}

/** What takes longest; in every test run is another run of each kind. */
export const LONG = /^(?:kernel32|kernel64-elf64|dirtier-(?:32|64)$)/;

/** Defines the tests of the runs whose title is `wanted`. */
export function describeCoverage(wanted: (title: string) => boolean): void {
  describe('of a whole guest', () => {
    afterEach(() => {
      vi.restoreAllMocks();
    });

    it.each(RUNS.filter(({ title }) => wanted(title)))('$title: at least 95 % runs translated', ({ image, run }) => {
      const guest = loadGuest({ image, append: run.append, vcpus: run.cpus ?? 1, engine: 'translator' });
      const inherent = countInherent();
      runGuest(guest, { limit: 2e6 * run.millions + 1e6 });
      const { translated, interpreted } = translatorOf(guest.vm).retired;
      expect(translated / (translated + interpreted - inherent.count)).toBeGreaterThanOrEqual(0.95);
      // The kernels with the most devices still stay above this, everything counted.
      expect(translated / (translated + interpreted)).toBeGreaterThanOrEqual(0.85);
    });
  });
}
