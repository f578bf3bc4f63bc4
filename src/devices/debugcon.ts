import type { AccessWidth, Device, DeviceState } from '../base/device.ts';
import { readByBytes, writeByBytes } from './byte-access.ts';
import { checkState } from './state.ts';

const SCHEMA = {};

/** What a read gives, by which guests find the port. */
export const DEBUGCON_ID = 0xe9;

/** The Bochs and QEMU debug console: one port, each byte written is output. */
export class Debugcon implements Device {
  readonly name = 'debugcon';

  constructor(private readonly onByte: (byte: number) => void) {}

  reset(): void {}

  read(offset: number, width: AccessWidth): number {
    return readByBytes(offset, width, 1, () => DEBUGCON_ID);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    writeByBytes(offset, width, value, 1, (_offset, byte) => this.onByte(byte));
  }

  save(): DeviceState {
    return {};
  }

  restore(state: DeviceState): void {
    checkState(this.name, SCHEMA, state);
  }
}
