// Every recorded vector, by the interpreter.

import { describeVectors } from './vectors.ts';

describeVectors(1);
