// Mistakes that `--inject` takes, under the methods that inject.test.ts leaves out.

import { describeCaught } from './inject.ts';

describeCaught(1);
