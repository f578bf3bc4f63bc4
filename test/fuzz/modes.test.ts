// Random instructions in every mode, by both engines in lockstep: nothing crashes or hangs the host, and nothing differs. The long
// suites (modes-16.long.ts, modes-32.long.ts) execute a million in each.

import { describe } from 'vitest';
import { MODES } from './modes/modes.ts';
import { describeModes } from './modes/suite.ts';

describe('random instructions in every mode, both engines', () => describeModes(MODES, 2_500, 2_026, 1_500));
