// Every guest by the translator and by the interpreter, tracked by one method each, but for what run.long.ts runs.

import { LONG_BY_INTERPRETER, LONG_BY_TRANSLATOR, describeRuns } from './run.ts';

describeRuns([0], (engine, title) => !(engine === 'translator' ? LONG_BY_TRANSLATOR : LONG_BY_INTERPRETER).test(title));
