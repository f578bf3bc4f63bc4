// The engine that is tested is the engine that ran: the guests that take longest.

import { LONG, describeCoverage } from './coverage.ts';

describeCoverage((title) => LONG.test(title));
