import type { AccessWidth, Device, DeviceState } from '../base/device.ts';
import { readByBytes, writeByBytes } from './byte-access.ts';
import { checkState, copyState, int } from './state.ts';

const SCHEMA = { master: int(0xff), slave: int(0xff) };

/** Bits that can be set: IRQ 0, 1, 2, 8 and 13 are always edge-triggered (Intel 82371, "ELCR: Edge/Level Control Registers"). */
const WRITABLE = [0xf8, 0xde];

/** The edge/level control registers beside a pair of 8259As: a set bit makes its input level-triggered. */
export class Elcr implements Device {
  readonly name = 'elcr';
  private state = { master: 0, slave: 0 };

  /** `onChange` is called after each write. */
  constructor(private readonly onChange: () => void) {}

  /** Level-triggered inputs of the master. */
  master(): number {
    return this.state.master;
  }

  /** Level-triggered inputs of the slave. */
  slave(): number {
    return this.state.slave;
  }

  reset(): void {
    this.state = { master: 0, slave: 0 };
  }

  read(offset: number, width: AccessWidth): number {
    return readByBytes(offset, width, 2, (register) => (register === 0 ? this.state.master : this.state.slave));
  }

  write(offset: number, width: AccessWidth, value: number): void {
    writeByBytes(offset, width, value, 2, (register, byte) => {
      this.state[register === 0 ? 'master' : 'slave'] = byte & WRITABLE[register]!;
    });
    this.onChange();
  }

  save(): DeviceState {
    return copyState(this.state);
  }

  restore(state: DeviceState): void {
    this.state = checkState(this.name, SCHEMA, state);
  }
}
