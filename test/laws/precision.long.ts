// Law 2 of the guests that precision.test.ts leaves out.

import { describeMethods } from './precision.ts';

describeMethods(true);
