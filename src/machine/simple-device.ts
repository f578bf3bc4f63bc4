// A device in one row: what a read gives and what a write does. It keeps no state that would have to be saved.

import { requireCount, shown } from '../base/arguments.ts';
import type { AccessWidth, Device } from '../base/device.ts';
import { InputError } from '../base/errors.ts';
import { checkState } from '../devices/state.ts';
import type { DeviceRow, DeviceWindow, DeviceWires } from './device-table.ts';

/**
 * A device without state of its own: reset, save and restore do nothing. What its functions remember is not saved with the machine;
 * a device that remembers is a row with `make`.
 */
export interface SimpleDeviceRow extends DeviceWindow {
  /** For messages, and as the key of its saved state; made of its first address if not given. */
  readonly name?: string;
  /** Further windows. */
  readonly also?: readonly DeviceWindow[];
  /** The number of its interrupt; a line has one device. `wires.irq.set(level)` drives it. */
  readonly irq?: number;
  /** Gives the `width` bytes at `offset`, unsigned; bits beyond `width` bytes are dropped. All ones if not given. */
  readonly read?: (offset: number, width: AccessWidth, vcpu: number, wires: DeviceWires) => number;
  /** Takes `width` bytes at `offset`. Nothing happens if not given. */
  readonly write?: (offset: number, width: AccessWidth, value: number, vcpu: number, wires: DeviceWires) => void;
}

/** A row that says how its device is made, or what it does. */
export type AnyDeviceRow = DeviceRow | SimpleDeviceRow;

const limitOf = (width: AccessWidth): number => 2 ** (8 * width);

/** The row as the table takes it. */
export function wholeRow(row: AnyDeviceRow): DeviceRow {
  if ('make' in row) return row;
  const { name = nameOf(row), read, write, ...place } = row;
  return { ...place, make: (wires) => simpleDevice(name, { ...(read ? { read } : {}), ...(write ? { write } : {}) }, wires) };
}

const nameOf = ({ at, space = 'ports' }: SimpleDeviceRow): string => `${space === 'ports' ? 'port' : 'mmio'}-0x${at.toString(16)}`;

function simpleDevice(name: string, { read, write }: Pick<SimpleDeviceRow, 'read' | 'write'>, wires: DeviceWires): Device {
  return {
    name,
    reset() {},
    read(offset, width, vcpu) {
      const limit = limitOf(width);
      if (!read) return limit - 1;
      const value = read(offset, width, vcpu, wires);
      if (!Number.isSafeInteger(value) || value < 0)
        throw new InputError(`device '${name}': read gave ${shown(value)}, not an integer from 0`);
      return value % limit;
    },
    write(offset, width, value, vcpu) {
      write?.(offset, width, value, vcpu, wires);
    },
    save: () => ({}),
    restore: (state) => void checkState(name, {}, state),
  };
}

/** InputError for a row that does not say what its device does, or says it twice. `name` is that of the row. */
export function requireWholeRow(name: string, row: { readonly [key: string]: unknown }): void {
  const given = ['name', 'read', 'write'].filter((key) => row[key] !== undefined);
  if (row['make'] !== undefined) {
    if (given.length > 0) throw new InputError(`${name} has both 'make' and '${given[0]}', which the device that is made has itself`);
    return;
  }
  if (row['read'] === undefined && row['write'] === undefined) throw new InputError(`${name} has neither 'make' nor 'read' nor 'write'`);
  for (const key of ['at', 'length']) requireCount(`${name}.${key}`, row[key]);
}
