// memtest86+ starts, each image by each method.

import { describeStarts } from './start.ts';

describeStarts();
