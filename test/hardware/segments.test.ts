// A quarter of the recorded vectors of segment loads; all of them in segments.long.ts.

import { describeSegments } from './segments.ts';

describeSegments(4);
