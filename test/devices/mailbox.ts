// A device as a user may bring one: ports and device memory, an interrupt after some time, DMA, and state that has bytes and nests.
//
//   ports   0 command: 1 sends the buffer to memory after DELAY, 2 moves the device memory to where `where` says | 1 status: 1 done
//           2 … 3 where to: the page in guest memory, or the place in units of 1 MiB
//   memory  16 bytes of buffer, at offset BUFFER

import { checkState, copyState, bytes, group, int } from '../../src/devices/state.ts';
import type { StateOf } from '../../src/devices/state.ts';
import type { AccessWidth, Device, DeviceState } from '../../src/base/device.ts';
import { readByBytes, writeByBytes } from '../../src/devices/byte-access.ts';
import type { DeviceRow, DeviceWires } from '../../src/machine/device-table.ts';

export const PORTS = 4;
export const BUFFER = 16;
export const LENGTH = 16;
export const BASE = 0xfd000000;
/** Nanoseconds. */
export const DELAY = 5000;
const NEVER = -1;

const SCHEMA = {
  status: int(1),
  where: int(0xffff),
  buffer: bytes(LENGTH),
  transfer: group({ due: int(Number.MAX_SAFE_INTEGER, NEVER), vcpu: int(0xff), done: int(0xffff) }),
  base: int(2 ** 36),
};

const initial = (): StateOf<typeof SCHEMA> => ({
  status: 0,
  where: 0,
  buffer: new Uint8Array(LENGTH),
  transfer: { due: NEVER, vcpu: 0, done: 0 },
  base: BASE,
});

export class Mailbox implements Device {
  readonly name = 'mailbox';
  private state = initial();

  constructor(private readonly wires: DeviceWires) {}

  reset(): void {
    this.state = initial();
    this.wires.irq.set(0);
    this.place();
  }

  read(offset: number, width: AccessWidth): number {
    return readByBytes(offset, width, BUFFER + LENGTH, (at) => {
      if (at >= BUFFER) return this.state.buffer[at - BUFFER]!;
      if (at >= 2) return at < PORTS ? (this.state.where >>> (8 * (at - 2))) & 0xff : 0xff;
      if (at === 0) return this.state.transfer.vcpu;
      this.wires.irq.set(0);
      return this.state.status;
    });
  }

  write(offset: number, width: AccessWidth, value: number, vcpu: number): void {
    writeByBytes(offset, width, value, BUFFER + LENGTH, (at, byte) => {
      const { state } = this;
      if (at >= BUFFER) state.buffer[at - BUFFER] = byte;
      else if (at === 2) state.where = (state.where & 0xff00) | byte;
      else if (at === 3) state.where = (state.where & 0xff) | (byte << 8);
      else if (at === 0 && byte === 1) this.begin(vcpu);
      else if (at === 0 && byte === 2) this.moveTo(state.where * 2 ** 20);
    });
  }

  deadline(): number {
    return this.state.transfer.due === NEVER ? Infinity : this.state.transfer.due;
  }

  advance(now: number): void {
    const { state, wires } = this;
    if (this.deadline() > now) return;
    state.transfer.due = NEVER;
    state.transfer.done = (state.transfer.done + 1) & 0xffff;
    state.status = 1;
    wires.memory.write(state.where * 4096, state.buffer);
    wires.sink('mailbox')(state.buffer[0]!);
    wires.irq.set(1);
  }

  save(): DeviceState {
    return copyState(this.state);
  }

  restore(state: DeviceState): void {
    this.state = checkState(this.name, SCHEMA, state);
    this.place();
  }

  private begin(vcpu: number): void {
    const { transfer } = this.state;
    transfer.due = this.wires.now() + DELAY;
    transfer.vcpu = vcpu;
    this.state.status = 0;
  }

  private moveTo(base: number): void {
    this.state.base = base;
    this.place();
  }

  private place(): void {
    this.wires.move([
      { at: 0x300, length: PORTS },
      { space: 'mmio', at: this.state.base, length: LENGTH, offset: BUFFER },
    ]);
  }
}

export const MAILBOX: DeviceRow = {
  at: 0x300,
  length: PORTS,
  also: [{ space: 'mmio', at: BASE, length: LENGTH, offset: BUFFER }],
  irq: 5,
  make: (wires) => new Mailbox(wires),
};
