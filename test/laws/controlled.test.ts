// The laws that are written against any machine; in every second case; the others, and more seeds, in controlled.long.ts.

import { describeControlled } from './controlled.ts';

describeControlled([1], [0]);
