// Port and MMIO spaces: who answers at an address. Nobody is an answer too (null, false): the caller decides what that means.

import type { AccessWidth, Device, Mapping } from '../base/device.ts';
import { InternalError } from '../base/errors.ts';
import type { MmioSpace, PortSpace } from '../base/platform.ts';

const PORTS = 0x10000;

/** What a bus needs around an access. */
export interface BusHooks {
  /** Virtual time in nanoseconds: a device is advanced to it before each access. */
  now(): number;
  /** Called after an access to a device that has a deadline. */
  accessed(): void;
}

/** Mappings in order of address. InternalError if one is empty, two overlap or one leaves [0, limit). */
function sorted(mappings: readonly Mapping[], limit: number): Mapping[] {
  const inOrder = [...mappings].sort((a, b) => a.base - b.base);
  inOrder.forEach(({ base, length, device }, i) => {
    if (length <= 0 || base < 0 || base + length > limit) {
      throw new InternalError(`mapping of ${device.name} at 0x${base.toString(16)} is out of range`);
    }
    const before = inOrder[i - 1];
    if (before && before.base + before.length > base) {
      throw new InternalError(`mappings of ${before.device.name} and ${device.name} overlap at 0x${base.toString(16)}`);
    }
  });
  return inOrder;
}

function readFrom(device: Device, offset: number, width: AccessWidth, hooks: BusHooks): number {
  device.advance?.(hooks.now());
  const value = device.read(offset, width);
  if (device.deadline) hooks.accessed();
  return value;
}

function writeTo(device: Device, offset: number, width: AccessWidth, value: number, hooks: BusHooks): void {
  device.advance?.(hooks.now());
  device.write(offset, width, value);
  if (device.deadline) hooks.accessed();
}

export class PortBus implements PortSpace {
  private readonly byPort = new Map<number, Mapping>();

  constructor(
    mappings: readonly Mapping[],
    private readonly hooks: BusHooks,
  ) {
    for (const mapping of sorted(mappings, PORTS)) {
      for (let port = mapping.base; port < mapping.base + mapping.length; port++) this.byPort.set(port, mapping);
    }
  }

  /** An access that one device does not cover is broken into bytes; those nobody claims read as ones. */
  read(port: number, width: AccessWidth): number | null {
    const mapping = this.byPort.get(port);
    if (mapping && this.byPort.get(port + width - 1) === mapping) return readFrom(mapping.device, port - mapping.base, width, this.hooks);
    if (width === 1) return null;
    let value = 0;
    let claimed = false;
    for (let i = 0; i < width; i++) {
      const byte = this.read(port + i, 1);
      claimed ||= byte !== null;
      value += (byte ?? 0xff) * 2 ** (8 * i);
    }
    return claimed ? value : null;
  }

  write(port: number, width: AccessWidth, value: number): boolean {
    const mapping = this.byPort.get(port);
    if (mapping && this.byPort.get(port + width - 1) === mapping) {
      writeTo(mapping.device, port - mapping.base, width, value, this.hooks);
      return true;
    }
    if (width === 1) return false;
    let claimed = false;
    for (let i = 0; i < width; i++) claimed = this.write(port + i, 1, Math.floor(value / 2 ** (8 * i)) % 256) || claimed;
    return claimed;
  }
}

export class MmioBus implements MmioSpace {
  private readonly mappings: readonly Mapping[];

  constructor(
    mappings: readonly Mapping[],
    private readonly hooks: BusHooks,
  ) {
    this.mappings = sorted(mappings, 2 ** 40);
  }

  read(gpa: number, width: AccessWidth): number | null {
    const mapping = this.find(gpa, width);
    return mapping ? readFrom(mapping.device, gpa - mapping.base, width, this.hooks) : null;
  }

  write(gpa: number, width: AccessWidth, value: number): boolean {
    const mapping = this.find(gpa, width);
    if (mapping) writeTo(mapping.device, gpa - mapping.base, width, value, this.hooks);
    return mapping !== null;
  }

  /** The mapping that holds all of [gpa, gpa + width), by binary search. */
  private find(gpa: number, width: number): Mapping | null {
    let low = 0;
    let high = this.mappings.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.mappings[middle]!.base <= gpa) low = middle + 1;
      else high = middle;
    }
    const mapping = this.mappings[low - 1];
    return mapping && gpa + width <= mapping.base + mapping.length ? mapping : null;
  }
}
