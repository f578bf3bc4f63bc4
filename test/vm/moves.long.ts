// Guests that are saved and go on elsewhere, more often than in save.test.ts.

import { describe } from 'vitest';
import { describeMoves, describeTracked } from './moves.ts';

/** Those of every test run, and as many again. */
describe('first', () => describeMoves(2, 11));

describeMoves(10, 12);
describeTracked(['interpreter']);
