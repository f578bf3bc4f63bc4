// The laws that are written against any machine; with more seeds in controlled.long.ts.

import { describeControlled } from './controlled.ts';

describeControlled([1]);
