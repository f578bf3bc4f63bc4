// The guests that take the interpreter seconds.

import { LONG_BY_INTERPRETER, describeRuns } from './run.ts';

describeRuns((engine, title) => engine === 'interpreter' && LONG_BY_INTERPRETER.test(title));
