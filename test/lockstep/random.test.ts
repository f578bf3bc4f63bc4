// Random programs under both engines in lockstep: more of them in random.long.ts.

import { describeRandom } from './random/suite.ts';

describeRandom(4, 2026);
