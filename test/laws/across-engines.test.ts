// The laws across engines, by one method for each width of the dirtier; the rest in across-engines.long.ts.

import { describeEngines } from './across-engines.ts';

describeEngines(0);
