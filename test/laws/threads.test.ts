// Fetchers on other threads, with one flag or the other in turn; the other way round in threads.long.ts.

import { describe } from 'vitest';
import { describeFetchers, describeSleepers } from './threads.ts';

describe('copies', () => describeFetchers(0));
describe('sleepers', describeSleepers);
