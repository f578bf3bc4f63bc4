// The same laws in the cases that controlled.test.ts leaves out, and in all with other seeds.

import { describeControlled } from './controlled.ts';

describeControlled([1], [1]);
describeControlled([2, 3, 4, 5, 6, 7, 8, 9, 10], [0, 1]);
