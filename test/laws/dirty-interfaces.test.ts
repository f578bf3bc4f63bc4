// KVM's own interfaces beside memory tracking; the settings that are left out are in dirty-interfaces.long.ts.

import { describeCopies, describeInterfaces, describeSamePages, describeUnseen } from './dirty-interfaces.ts';

describeCopies(0);
describeUnseen(0);
describeInterfaces();
describeSamePages();
