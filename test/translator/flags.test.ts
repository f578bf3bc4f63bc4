// Flags, with operands of each size in code of one width; of the other in flags.long.ts.

import { describeFlags } from './flags.ts';

describeFlags([1, 2], [4, 8]);
