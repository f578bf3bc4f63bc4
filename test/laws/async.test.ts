// Waiting fetches on the thread that runs the one vCPU; of four vCPUs in async.long.ts.

import { describeAsync } from './async.ts';

describeAsync([1]);
