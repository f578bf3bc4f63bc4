// The PC's way to report x87 exceptions while CR0.NE is 0 (SDM vol. 1, "MS-DOS Compatibility Sub-mode"). FERR# raises IRQ 13, which
// is latched. A write to port F0 drops the interrupt and asserts IGNNE# until FERR# goes; x87 instructions go on meanwhile.

import type { AccessWidth, Device, DeviceState, IrqLine } from '../base/device.ts';
import { readByBytes, writeByBytes } from './byte-access.ts';
import { checkState, copyState, int } from './state.ts';

const SCHEMA = { ferr: int(1), interrupt: int(1), ignne: int(1) };

export class CoprocessorError implements Device {
  readonly name = 'coprocessor-error';
  private state = { ferr: 0, interrupt: 0, ignne: 0 };

  constructor(private readonly irq: IrqLine) {}

  reset(): void {
    this.state = { ferr: 0, interrupt: 0, ignne: 0 };
    this.irq.set(0);
  }

  /** The processor's FERR# pin. Returns whether IGNNE# is asserted. */
  ferr(asserted: boolean): boolean {
    const { state } = this;
    if (asserted && !state.ferr) this.setInterrupt(1);
    if (!asserted) state.ignne = 0;
    state.ferr = asserted ? 1 : 0;
    return state.ignne === 1;
  }

  read(offset: number, width: AccessWidth): number {
    return readByBytes(offset, width, 1, () => 0xff);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    writeByBytes(offset, width, value, 1, () => {
      this.setInterrupt(0);
      this.state.ignne = this.state.ferr;
    });
  }

  save(): DeviceState {
    return copyState(this.state);
  }

  restore(state: DeviceState): void {
    this.state = checkState(this.name, SCHEMA, state);
    this.irq.set(this.state.interrupt ? 1 : 0);
  }

  private setInterrupt(level: 0 | 1): void {
    this.state.interrupt = level;
    this.irq.set(level);
  }
}
