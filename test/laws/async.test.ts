// Waiting fetches on the thread that runs the one vCPU, each engine with one method; the others, and four vCPUs, in async.long.ts.

import { describeAsync } from './async.ts';
import { configurations } from './support/configurations.ts';

describeAsync(configurations([1]).filter(({ engine, tracking }) => (engine === 'translator') === (tracking === 'pml')));
