// The guests that take an engine longest, and the others tracked by the methods that run.test.ts leaves out.

import { describe } from 'vitest';
import { LONG_BY_INTERPRETER, LONG_BY_TRANSLATOR, describeRuns } from './run.ts';

const isLong = (engine: string, title: string): boolean => (engine === 'translator' ? LONG_BY_TRANSLATOR : LONG_BY_INTERPRETER).test(title);

describeRuns([0, 1], isLong);
describe('the other method', () => describeRuns([1], (engine, title) => !isLong(engine, title)));
