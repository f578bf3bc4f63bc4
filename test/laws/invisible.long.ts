// Law 7 with other seeds than invisible.test.ts has.

import { describe } from 'vitest';
import { describeDisturbed } from './invisible.ts';

describe.each([0, 2, 3, 4])('seed %i', (seed) => describeDisturbed(seed));
