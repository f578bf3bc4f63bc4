// The guests under both engines in lockstep that guests.test.ts leaves out.

import { LONG, describeGuests } from './guests.ts';

describeGuests((title) => LONG.test(title));
