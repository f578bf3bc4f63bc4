// The engine that is tested is the engine that ran: guests, but for those in coverage.long.ts.

import { LONG, describeCoverage } from './coverage.ts';

describeCoverage((title) => !LONG.test(title));
