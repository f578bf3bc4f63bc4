// Law 7: the guest cannot tell. With other seeds in invisible.long.ts.

import { describeDisturbed, describeTraceless } from './invisible.ts';

describeDisturbed(1);
describeTraceless();
