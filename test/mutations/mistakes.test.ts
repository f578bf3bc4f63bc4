// Mistakes are found: each under one engine and method; under the others in mistakes.long.ts.

import { expect, it } from 'vitest';
import { MISTAKES as KNOWN } from '../../src/cli/demo/mistakes/mistakes.ts';
import { describeFound } from './found.ts';
import { MISTAKES } from './mistakes.ts';

it('every mistake that a machine can be built with has its check', () => {
  expect([...new Set(MISTAKES.flatMap(({ built }) => built))].sort()).toEqual(Object.keys(KNOWN).sort());
});

describeFound([0]);
