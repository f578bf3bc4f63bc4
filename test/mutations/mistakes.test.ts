import { describe, expect, it } from 'vitest';
import { METHODS } from '../laws/support/configurations.ts';
import { MISTAKES } from './mistakes.ts';

// Each known way to lose or invent a dirty page is built into a machine: the check that is there to find it must fail with it,
// for the reason it gives, and pass without it.

const cases = METHODS.flatMap((tracking) => MISTAKES
  .filter(({ only }) => only === undefined || only === tracking)
  .map((mistake) => ({ tracking, ...mistake, fault: Object.keys(mistake.faults).join(' and ') })));

describe.each(cases)('$mistake ($fault), $tracking', ({ tracking, faults, check, found }) => {
  it('is found', async () => {
    await expect((async () => check({ tracking, faults }))()).rejects.toThrow(found);
  });

  it('is not there otherwise', async () => {
    await check({ tracking, faults: {} });
  });
});
