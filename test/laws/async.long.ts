// Waiting fetches on the thread that runs four vCPUs, and one in the configurations that async.test.ts leaves out.

import { describeAsync } from './async.ts';
import { configurations } from './support/configurations.ts';

describeAsync(configurations([4]));
describeAsync(configurations([1]).filter(({ engine, tracking }) => (engine === 'translator') !== (tracking === 'pml')));
