// The same laws with other seeds, and more of them.

import { describeControlled } from './controlled.ts';

describeControlled([2, 3, 4, 5, 6, 7, 8, 9, 10]);
