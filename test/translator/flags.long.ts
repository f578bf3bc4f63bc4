// Flags, with the operands that flags.test.ts leaves out.

import { describeFlags } from './flags.ts';

describeFlags([1, 4], [1, 4]);
