// Flags, with operands of one size in code of each width; with the others in flags.long.ts.

import { describeFlags } from './flags.ts';

describeFlags([2], [8]);
