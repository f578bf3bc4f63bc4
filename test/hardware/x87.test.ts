// A quarter of the recorded vectors of x87 instructions; all of them in x87.long.ts.

import { describeX87 } from './x87.ts';

describeX87(4);
