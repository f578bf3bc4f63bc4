// System Control Port B of the PC/AT, by which software reaches the PIT's counter 2 and the speaker.
//
//   7 parity check (0) | 6 I/O channel check (0) | 5 OUT of counter 2 | 4 refresh toggle
//   3:2 check enables | 1 speaker | 0 GATE of counter 2

import type { AccessWidth, Device, DeviceState } from '../base/device.ts';
import { readByBytes, writeByBytes } from './byte-access.ts';
import type { Pit8254 } from './pit-8254.ts';
import { ticksAt } from './pit-clock.ts';
import { checkState, copyState, int } from './state.ts';

const SCHEMA = { control: int(0xf), refresh: int(1) };

/** PIT clocks between refresh requests: firmware sets counter 1 to 18, which makes 15 µs. */
const REFRESH_TICKS = 18;

export class SystemControlB implements Device {
  readonly name = 'system-control-b';
  private state = { control: 0, refresh: 0 };

  constructor(private readonly pit: Pit8254) {}

  reset(): void {
    this.state = { control: 0, refresh: this.state.refresh };
    this.pit.setSpeakerGate(0);
  }

  /** The toggle is derived from time, so there is nothing to wait for: this device has no deadline. */
  advance(now: number): void {
    this.pit.advance(now);
    this.state.refresh = Math.floor(ticksAt(now) / REFRESH_TICKS) % 2;
  }

  read(offset: number, width: AccessWidth): number {
    return readByBytes(offset, width, 1, () => this.state.control | (this.state.refresh << 4) | (this.pit.speakerOut() << 5));
  }

  write(offset: number, width: AccessWidth, value: number): void {
    writeByBytes(offset, width, value, 1, (_register, byte) => {
      this.state.control = byte & 0xf;
      this.pit.setSpeakerGate(byte & 1);
    });
  }

  save(): DeviceState {
    return copyState(this.state);
  }

  restore(state: DeviceState): void {
    this.state = checkState(this.name, SCHEMA, state);
  }
}
