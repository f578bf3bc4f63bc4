// Waiting fetches on the thread that runs four vCPUs.

import { describeAsync } from './async.ts';

describeAsync([4]);
