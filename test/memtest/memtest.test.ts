// memtest86+ starts, one image by one method; the others in start.long.ts, and whole passes in memtest.long.ts.

import { describeStarts } from './start.ts';

describeStarts((name, tracking) => name === 'x64' && tracking === 'pml');
