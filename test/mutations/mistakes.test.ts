import { describe, expect, it } from 'vitest';
import { configurations } from '../laws/support/configurations.ts';
import { MISTAKES } from './mistakes.ts';

// Each known way to lose or invent a dirty page is built into a machine: the check that is there to find it must fail with it,
// for the reason it gives, and pass without it.

const cases = configurations([1]).flatMap(({ engine, tracking }) => MISTAKES
  .filter(({ only }) => only === undefined || only === tracking)
  .map((mistake) => ({ engine, tracking, ...mistake, fault: Object.keys(mistake.faults).join(' and ') })));

describe.each(cases)('$mistake ($fault), $engine, $tracking', ({ engine, tracking, faults, check, found }) => {
  it('is found', async () => {
    await expect((async () => check({ engine, tracking, faults }))()).rejects.toThrow(found);
  });

  it('is not there otherwise', async () => {
    await check({ engine, tracking, faults: {} });
  });
});
