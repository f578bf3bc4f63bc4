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
    turn: (MISTAKES.indexOf(mistake) + n + (n >> 1)) % 2,
  })),
);

/** Defines the tests of every second case, engines and methods in turn, from the first or the second on. */
export function describeFound(first: 0 | 1): void {
  describe.each(cases.filter(({ turn }) => turn === first))(
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
