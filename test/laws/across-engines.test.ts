// The laws across engines, by one method for each guest; by the other in across-engines.long.ts.

import { describeEngines } from './across-engines.ts';

describeEngines(0);
