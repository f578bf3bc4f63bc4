// Mistakes are found: every second of them under each engine and method; the others in mistakes.long.ts.

import { expect, it } from 'vitest';
import { MISTAKES as KNOWN } from '../../src/cli/demo/mistakes/mistakes.ts';
import { describeFound } from './found.ts';
import { MISTAKES } from './mistakes.ts';

it('every mistake that a machine can be built with has its check', () => {
  expect([...new Set(MISTAKES.flatMap(({ built }) => built))].sort()).toEqual(Object.keys(KNOWN).sort());
});

describeFound(0);
