// The Reset Control Register at port CF9H, by which chipsets let software reset the machine (Intel 82371SB PIIX3 datasheet, "Reset
// Control Register"). It lies among the bytes of the PCI configuration address and takes accesses of one byte only. There is no PCI
// here, so all others find nobody.
//
//   2 a rise resets the processor | 1 system reset rather than a soft one; bits 7:3 and 0 are not kept

import type { AccessWidth, Device, DeviceState } from '../base/device.ts';
import { checkState, copyState, int } from './state.ts';

export const RESET_CONTROL_PORTS = 4;
const REGISTER = 1;
const RESET = 4;
const KEPT = 6;
const SCHEMA = { control: int(KEPT) };

export class ResetControl implements Device {
  readonly name = 'reset-control';
  private state = { control: 0 };

  /** `onReset` is called when the guest asks for a reset. */
  constructor(private readonly onReset: () => void) {}

  reset(): void {
    this.state = { control: 0 };
  }

  read(offset: number, width: AccessWidth): number {
    return offset === REGISTER && width === 1 ? this.state.control : 2 ** (8 * width) - 1;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    if (offset !== REGISTER || width !== 1) return;
    const rises = value & RESET & ~this.state.control;
    this.state.control = value & KEPT;
    if (rises) this.onReset();
  }

  save(): DeviceState {
    return copyState(this.state);
  }

  restore(state: DeviceState): void {
    this.state = checkState(this.name, SCHEMA, state);
  }
}
