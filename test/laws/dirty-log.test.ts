// KVM's rules for a dirty log: every eighth case; the others in dirty-log.long.ts.

import { describeDirtyLog } from './dirty-log.ts';

describeDirtyLog([0]);
