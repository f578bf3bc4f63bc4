// Every recorded vector of segment loads.

import { describeSegments } from './segments.ts';

describeSegments(1);
