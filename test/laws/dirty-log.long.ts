// KVM's rules for a dirty log: the cases that dirty-log.test.ts leaves out.

import { describeDirtyLog } from './dirty-log.ts';

describeDirtyLog([1, 2, 3, 4, 5, 6, 7]);
