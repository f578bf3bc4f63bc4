// Each known way to lose or invent a dirty page is built into a machine: the check that is there to find it must fail with it,
// for the reason it gives, and pass without it.

import { describe, expect, it } from 'vitest';
import { mistaken } from '../../src/cli/demo/mistakes/mistakes.ts';
import { configurations } from '../laws/support/configurations.ts';
import { MISTAKES } from './mistakes.ts';

const cases = configurations([1]).flatMap(({ engine, tracking }, n) =>
  MISTAKES.map(({ only, ...mistake }, at) => ({
    engine,
    tracking,
    only,
    ...mistake,
    name: mistake.built.join(' and '),
    // Of one that has one method there are only two.
    turn: only === undefined ? (at + n) % 4 : (at + (n >> 1)) % 2,
  })).filter(({ only }) => only === undefined || only === tracking),
);

/** Defines the tests of the cases that have these turns, of 0 … 3: engines and methods in turn, and in turn 0 every mistake. */
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
