// Guests under both engines in lockstep; those that take longest in guests.long.ts.

import { LONG, describeGuests } from './guests.ts';

describeGuests((title) => !LONG.test(title));
