// Mistakes are found, under the engines and methods that mistakes.test.ts leaves out.

import { describeFound } from './found.ts';

describeFound([1, 2, 3]);
