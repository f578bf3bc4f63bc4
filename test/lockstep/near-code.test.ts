// Stores near code; more programs in near-code.long.ts.

import { describeNearCode } from './near-code.ts';

describeNearCode([1]);
