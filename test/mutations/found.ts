// Each known way to lose or invent a dirty page is built into a machine: the check that is there to find it must fail with it,
// for the reason it gives, and pass without it.

import { describe, expect, it } from 'vitest';
import { mistaken } from '../../src/cli/demo/mistakes/mistakes.ts';
import { configurations } from '../laws/support/configurations.ts';
import { MISTAKES } from './mistakes.ts';

const cases = configurations([1]).flatMap(({ engine, tracking }, n) =>
  MISTAKES.filter(({ only }) => only === undefined || only === tracking).map((mistake) => ({
    engine,
    tracking,
    ...mistake,
    name: mistake.built.join(' and '),
    turn: mistake.only ? (MISTAKES.indexOf(mistake) + (n >> 1)) % 2 : (MISTAKES.indexOf(mistake) + n) % 4,
  })),
);

/** Defines the tests of the cases that have these turns, of 0 … 3: each turn has engines and methods one after the other, and 0 every mistake. */
export function describeFound(turns: readonly number[]): void {
  describe.each(cases.filter(({ turn }) => turns.includes(turn)))(
    '$mistake ($name), $engine, $tracking',
    ({ engine, tracking, built, check, found }) => {
      it('is found', async () => {
        await expect((async () => check({ engine, tracking, wrap: mistaken(...built) }))()).rejects.toThrow(found);
      });

      it('is not there otherwise', async () => {
        await check({ engine, tracking, wrap: () => {} });
      });
    },
  );
}
