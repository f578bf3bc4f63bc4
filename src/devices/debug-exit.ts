import type { AccessWidth, Device, DeviceState } from '../base/device.ts';
import { checkState } from './state.ts';

const SCHEMA = {};

/** QEMU's isa-debug-exit: a write ends the run with the value written; the offset does not matter. Reads give 0. */
export class DebugExit implements Device {
  /** `onExit` gets the value as written, unsigned, of the width of the write. Two on a board need two names. */
  constructor(
    private readonly onExit: (value: number) => void,
    readonly name = 'debug-exit',
  ) {}

  reset(): void {}

  read(): number {
    return 0;
  }

  write(_offset: number, _width: AccessWidth, value: number): void {
    this.onExit(value);
  }

  save(): DeviceState {
    return {};
  }

  restore(state: DeviceState): void {
    checkState(this.name, SCHEMA, state);
  }
}
