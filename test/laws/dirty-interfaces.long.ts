// KVM's own interfaces, in the settings that dirty-interfaces.test.ts leaves out.

import { describeCopies, describeUnseen } from './dirty-interfaces.ts';

describeCopies(1);
describeUnseen(1);
