import type { AccessWidth, Device } from '../base/device.ts';

/**
 * The registers of `device` from `first` on as a mapping of their own, for a device whose ports do not lie together. It has no
 * state: the device itself is saved and restored.
 */
export function portWindow(device: Device, first: number): Device {
  return {
    name: device.name,
    reset() {},
    read: (offset: number, width: AccessWidth) => device.read(first + offset, width),
    write: (offset: number, width: AccessWidth, value: number) => device.write(first + offset, width, value),
    save: () => ({}),
    restore() {},
    ...(device.advance ? { advance: (now: number) => device.advance!(now) } : {}),
    ...(device.deadline ? { deadline: () => device.deadline!() } : {}),
  };
}
