// Control flow of any shape; more graphs in control-flow.long.ts.

import { describeControlFlow } from './control-flow.ts';

describeControlFlow(40, 0);
