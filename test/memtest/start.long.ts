// memtest86+ starts, the images and methods that memtest.test.ts leaves out.

import { describeStarts } from './start.ts';

describeStarts((name, tracking) => name !== 'x64' || tracking !== 'pml');
