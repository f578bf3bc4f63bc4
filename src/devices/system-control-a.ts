// System Control Port A of the PS/2, by which software opens the A20 gate and resets the processor without the slow keyboard
// controller (IBM PS/2 Technical Reference, "System Control Port A").
//
//   1 A20 gate | 0 a rise resets the processor; other bits are kept

import type { AccessWidth, Device, DeviceState } from '../base/device.ts';
import { readByBytes, writeByBytes } from './byte-access.ts';
import { checkState, copyState, int } from './state.ts';

const SCHEMA = { control: int(0xff) };
const RESET = 1;
const A20 = 2;

export class SystemControlA implements Device {
  readonly name = 'system-control-a';
  private state = { control: A20 };

  /** `onReset` is called when the guest asks for a reset. */
  constructor(private readonly onReset: () => void) {}

  /** Whether this port lets address line 20 through. Kept for who reads it back: it masks no address. */
  get a20(): boolean {
    return (this.state.control & A20) !== 0;
  }

  reset(): void {
    this.state = { control: A20 };
  }

  read(offset: number, width: AccessWidth): number {
    return readByBytes(offset, width, 1, () => this.state.control);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    writeByBytes(offset, width, value, 1, (_register, byte) => {
      const rises = byte & RESET & ~this.state.control;
      this.state.control = byte;
      if (rises) this.onReset();
    });
  }

  save(): DeviceState {
    return copyState(this.state);
  }

  restore(state: DeviceState): void {
    this.state = checkState(this.name, SCHEMA, state);
  }
}
