// Random programs under both engines in lockstep. RANDOM_SEED looks elsewhere, RANDOM_PROGRAMS longer.

import { describeRandom } from './random/suite.ts';

describeRandom(Number(process.env['RANDOM_PROGRAMS'] ?? 215), Number(process.env['RANDOM_SEED'] ?? 1));
