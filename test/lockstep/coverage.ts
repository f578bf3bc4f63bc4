// The engine that is tested is the engine that ran: of a whole guest's instructions at least 95 % run translated, with those that
// translated code calls a helper for (a kernel that polls its serial port is a twelfth IN and OUT).

import { describe, expect, it } from 'vitest';
import { CATALOG } from '../guests/catalog.ts';
import { loadGuest, runGuest } from '../guests/run-guest.ts';
import { translatorOf } from './support/share.ts';

const MAX_MILLIONS = 25;
// Boot disks are a few thousand instructions, next to data that they write: the pages of their code change all the time.
const RUNS = CATALOG.filter(({ entry }) => entry !== 'boot-sector').flatMap(({ image, name, runs }) =>
  runs.filter(({ millions }) => millions <= MAX_MILLIONS).map((run) => ({ image, run, title: `${name} ${run.append}`.trim() })),
);

/** What takes longest; in every test run is another run of each kind. */
export const LONG = /^(?:kernel32|kernel64-elf64|dirtier-(?:32|64)$)/;

/** Defines the tests of the runs whose title is `wanted`. */
export function describeCoverage(wanted: (title: string) => boolean): void {
  describe('of a whole guest', () => {
    it.each(RUNS.filter(({ title }) => wanted(title)))('$title: at least 95 % runs translated', ({ image, run }) => {
      const guest = loadGuest({ image, append: run.append, vcpus: run.cpus ?? 1, engine: 'translator' });
      runGuest(guest, { limit: 2e6 * run.millions + 1e6 });
      const { translated, interpreted } = translatorOf(guest.vm).retired;
      expect(translated / (translated + interpreted)).toBeGreaterThanOrEqual(0.95);
    });
  });
}
