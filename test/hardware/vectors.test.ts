// A sixth of the recorded vectors, by the interpreter; all of them are run by vectors.long.ts.

import { describeVectors } from './vectors.ts';

describeVectors(6);
