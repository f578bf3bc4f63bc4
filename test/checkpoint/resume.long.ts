// Machines taken up from checkpoints, by the methods that resume.test.ts leaves out.

import { describeResumed } from './resume.ts';

describeResumed(1);
