import { describe, expect, it } from 'vitest';
import { MISTAKES as KNOWN, mistaken } from '../../src/cli/demo/mistakes/mistakes.ts';
import { configurations } from '../laws/support/configurations.ts';
import { MISTAKES } from './mistakes.ts';

// Each known way to lose or invent a dirty page is built into a machine: the check that is there to find it must fail with it,
// for the reason it gives, and pass without it.

it('every mistake that a machine can be built with has its check', () => {
  expect([...new Set(MISTAKES.flatMap(({ built }) => built))].sort()).toEqual(Object.keys(KNOWN).sort());
});

const cases = configurations([1]).flatMap(({ engine, tracking }) =>
  MISTAKES.filter(({ only }) => only === undefined || only === tracking).map((mistake) => ({
    engine,
    tracking,
    ...mistake,
    name: mistake.built.join(' and '),
  })),
);

describe.each(cases)('$mistake ($name), $engine, $tracking', ({ engine, tracking, built, check, found }) => {
  it('is found', async () => {
    await expect((async () => check({ engine, tracking, wrap: mistaken(...built) }))()).rejects.toThrow(found);
  });

  it('is not there otherwise', async () => {
    await check({ engine, tracking, wrap: () => {} });
  });
});
