// Determinism, in every second configuration; in the others in isolation.long.ts.

import { describeIsolation } from './isolation.ts';

describeIsolation(0);
