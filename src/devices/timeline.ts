import type { Device } from '../base/device.ts';
import { assert } from '../base/errors.ts';
import type { DeviceTime } from '../base/platform.ts';

type TimedDevice = Device & Required<Pick<Device, 'advance' | 'deadline'>>;

const isTimed = (device: Device): device is TimedDevice => device.deadline !== undefined && device.advance !== undefined;

/** The devices that act by time, as one. Devices without a deadline are passed over. */
export class Timeline implements DeviceTime {
  private readonly devices: readonly TimedDevice[];

  constructor(devices: readonly Device[]) {
    this.devices = devices.filter(isTimed);
  }

  deadline(): number {
    let earliest = Infinity;
    for (const device of this.devices) earliest = Math.min(earliest, device.deadline());
    return earliest;
  }

  /** The same without the devices for which `masked` is true. */
  wakingDeadline(masked: (device: Device) => boolean = () => false): number {
    return Math.min(Infinity, ...this.devices.filter((device) => !masked(device)).map((device) => device.deadline()));
  }

  /**
   * Advances whatever is due at `now` (ns). Devices act in the order of their deadlines: the earliest goes on alone, but not past the
   * deadline of another. So a machine that looks at its devices rarely sees the same order of events as one that looks often.
   */
  advance(now: number): void {
    for (;;) {
      let first: TimedDevice | null = null;
      let due = Infinity;
      let next = Infinity;
      for (const device of this.devices) {
        const deadline = device.deadline();
        if (deadline < due) {
          next = due;
          due = deadline;
          first = device;
        } else {
          next = Math.min(next, deadline);
        }
      }
      if (first === null || due > now) return;
      const until = Math.max(due, Math.min(now, next));
      first.advance(until);
      assert(first.deadline() > due, `${first.name} makes progress when advanced to its deadline`);
    }
  }
}
