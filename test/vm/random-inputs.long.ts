// Recorded input at random moments, with other seeds than replay.test.ts has.

import { describeRandomInputs } from './random-inputs.ts';

describeRandomInputs([2, 3, 4, 5, 6, 7, 8]);
