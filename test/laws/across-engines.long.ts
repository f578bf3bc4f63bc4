// The laws across engines, by the methods that across-engines.test.ts leaves out.

import { describeEngines } from './across-engines.ts';

describeEngines(1);
