// Control flow of any shape, in more graphs than control-flow.test.ts has.

import { describeControlFlow } from './control-flow.ts';

describeControlFlow(1000, 1);
