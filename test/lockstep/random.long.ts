// Random programs under both engines in lockstep. RANDOM_SEED looks elsewhere, RANDOM_PROGRAMS longer.

import { describe } from 'vitest';
import { describeRandom } from './random/suite.ts';

/** Those of every test run, and as many again. */
describe('first', () => describeRandom(8, 2026));

describeRandom(Number(process.env['RANDOM_PROGRAMS'] ?? 215), Number(process.env['RANDOM_SEED'] ?? 1));
