// KVM's own interfaces beside a fetcher on another thread, by the methods that dirty-interfaces-threads.test.ts leaves out.

import { describeBesideFetchers } from './dirty-interfaces-threads.ts';

describeBesideFetchers(1);
