// Law 7 with other seeds than invisible.test.ts has, and the runs that it leaves out.

import { describe } from 'vitest';
import { describeDisturbed, describeTraceless } from './invisible.ts';

describe('seed 1', () => describeDisturbed(1, [1]));
describe.each([0, 2, 3, 4])('seed %i', (seed) => describeDisturbed(seed, [0, 1]));
describeTraceless(1);
