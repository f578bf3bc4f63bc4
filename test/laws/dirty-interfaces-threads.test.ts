// KVM's own interfaces beside a fetcher on another thread, each by one method; by the other in dirty-interfaces-threads.long.ts.

import { describeBesideFetchers } from './dirty-interfaces-threads.ts';

describeBesideFetchers(0);
