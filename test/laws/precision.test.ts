// Law 2; the guests that take longest in precision.long.ts.

import { describeMethods, describeStores } from './precision.ts';

describeStores();
describeMethods(false);
