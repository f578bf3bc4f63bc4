// KVM's own interfaces beside memory tracking; the settings that are left out are in dirty-interfaces.long.ts.

import { describeCopies, describeInterfaces } from './dirty-interfaces.ts';

describeCopies(0);
describeInterfaces();
