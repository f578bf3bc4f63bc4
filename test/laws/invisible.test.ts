// Law 7: the guest cannot tell. The other runs, and other seeds, are in invisible.long.ts.

import { describeDisturbed, describeTime, describeTraceless } from './invisible.ts';

describeDisturbed(1, [0]);
describeTraceless(0);
describeTime();
