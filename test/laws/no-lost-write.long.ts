// Law 1 over the guests that no-lost-write.test.ts leaves out.

import { describeGuests } from './no-lost-write.ts';

describeGuests(1);
