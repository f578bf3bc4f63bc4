// Law 1 over whole guests, each second of them, and over every other writer; the other guests in no-lost-write.long.ts.

import { describeGuests, describeWriters } from './no-lost-write.ts';

describeGuests(0);
describeWriters();
