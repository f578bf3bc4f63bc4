// Fetchers on other threads, with the flags that threads.test.ts leaves out.

import { describeFetchers } from './threads.ts';

describeFetchers(1);
