// Going back to the end of a cycle, by the engines and methods that rewind.test.ts leaves out.

import { describeRewinds } from './rewind.ts';

describeRewinds(1);
