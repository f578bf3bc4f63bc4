// The guests that take an engine longest.

import { LONG_BY_INTERPRETER, LONG_BY_TRANSLATOR, describeRuns } from './run.ts';

describeRuns((engine, title) => (engine === 'translator' ? LONG_BY_TRANSLATOR : LONG_BY_INTERPRETER).test(title));
