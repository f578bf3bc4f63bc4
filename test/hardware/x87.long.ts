// Every recorded vector of x87 instructions.

import { describeX87 } from './x87.ts';

describeX87(1);
