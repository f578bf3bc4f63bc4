// System Control Port A of the PS/2, by which software opens the A20 gate and resets the processor without the slow keyboard
// controller (IBM PS/2 Technical Reference, "System Control Port A").
//
//   1 A20 gate | 0 a rise resets the processor; other bits are kept

import type { AccessWidth, Device, DeviceState } from '../base/device.ts';
import type { A20Input } from './a20-gate.ts';
import { readByBytes, writeByBytes } from './byte-access.ts';
import { checkState, copyState, int } from './state.ts';

const SCHEMA = { control: int(0xff) };
const RESET = 1;
const A20 = 2;

export class SystemControlA implements Device {
  readonly name = 'system-control-a';
  private state = { control: 0 };

  /** `onReset` is called when the guest asks for a reset; `a20` is an input of the gate, closed at reset. */
  constructor(
    private readonly onReset: () => void,
    private readonly a20: A20Input,
  ) {}

  reset(): void {
    this.setControl(0);
  }

  /** Opens or closes this port's input of the A20 gate. */
  setA20(open: boolean): void {
    this.setControl(open ? this.state.control | A20 : this.state.control & ~A20);
  }

  read(offset: number, width: AccessWidth): number {
    return readByBytes(offset, width, 1, () => this.state.control);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    writeByBytes(offset, width, value, 1, (_register, byte) => {
      const rises = byte & RESET & ~this.state.control;
      this.setControl(byte);
      if (rises) this.onReset();
    });
  }

  save(): DeviceState {
    return copyState(this.state);
  }

  restore(state: DeviceState): void {
    this.setControl(checkState(this.name, SCHEMA, state).control);
  }

  private setControl(control: number): void {
    this.state = { control };
    this.a20.set(control & A20 ? 1 : 0);
  }
}
