// Stores near code, in more programs than near-code.test.ts has.

import { describeNearCode } from './near-code.ts';

describeNearCode([2, 3, 4, 5, 6, 7, 8, 9]);
