// Determinism, in the configurations that isolation.test.ts leaves out.

import { describeIsolation } from './isolation.ts';

describeIsolation(1);
