// Boards for tests: no devices but the one at hand.

import type { Platform } from '../../../src/base/platform.ts';

/** Every write to a port is handed to `onWrite`, while the vCPU is in guest mode; `onSave` runs when the machine is saved. */
export function dmaPlatform(onWrite: (value: number) => void, onSave: () => void = () => {}): Platform {
  return {
    ports: {
      read: () => 0,
      write: (_port, _width, value) => {
        onWrite(value);
        return true;
      },
    },
    mmio: { read: () => null, write: () => false },
    timeline: { deadline: () => Infinity, advance() {} },
    interruptPending: () => false,
    acknowledgeInterrupt: () => 0,
    canInterrupt: () => false,
    save() {
      onSave();
      return {};
    },
    restore() {},
    reset() {},
  };
}
