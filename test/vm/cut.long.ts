// A run that is cut into slices, in more ways than limits.test.ts has.

import { describeCut } from './cut.ts';

describeCut(4);
