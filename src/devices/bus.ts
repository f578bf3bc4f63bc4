// Port and MMIO spaces: who answers at an address. Nobody is an answer too (null, false): the caller decides what that means.
// Who answers where may change while the machine runs.

import type { AccessWidth, Mapping } from '../base/device.ts';
import { InputError } from '../base/errors.ts';
import type { MmioSpace, PortSpace } from '../base/platform.ts';

const PORTS = 0x10000;
const MMIO_LIMIT = 2 ** 40;

/** What a bus needs around an access. */
export interface BusHooks {
  /** Virtual time in nanoseconds: a device is advanced to it before each access. */
  now(): number;
  /** Called after an access to a device that has a deadline. */
  accessed(): void;
}

function readFrom(mapping: Mapping, address: number, width: AccessWidth, vcpu: number, hooks: BusHooks): number {
  const { device, base, offset = 0 } = mapping;
  device.advance?.(hooks.now());
  const value = device.read(offset + address - base, width, vcpu);
  if (device.deadline) hooks.accessed();
  return value;
}

function writeTo(mapping: Mapping, address: number, width: AccessWidth, value: number, vcpu: number, hooks: BusHooks): void {
  const { device, base, offset = 0 } = mapping;
  device.advance?.(hooks.now());
  device.write(offset + address - base, width, value, vcpu);
  if (device.deadline) hooks.accessed();
}

const fits = ({ base, length }: Mapping, limit: number): boolean =>
  Number.isSafeInteger(base) && Number.isSafeInteger(length) && length > 0 && base >= 0 && base + length <= limit;

const overlap = (a: Mapping, b: Mapping): boolean => a.base < b.base + b.length && b.base < a.base + a.length;

/** InputError if a mapping is empty or leaves [0, limit), or two overlap. */
function requireApart(mappings: readonly Mapping[], limit: number): void {
  mappings.forEach((mapping, n) => {
    const where = `mapping of ${mapping.device.name} at 0x${mapping.base.toString(16)}`;
    if (!fits(mapping, limit)) throw new InputError(`${where} is out of range`);
    const other = mappings.slice(0, n).find((earlier) => overlap(earlier, mapping));
    if (other) throw new InputError(`${where} overlaps that of ${other.device.name}`);
  });
}

export class PortBus implements PortSpace {
  private readonly byPort = new Map<number, Mapping>();

  /** InputError if a mapping is empty or leaves the space, or two overlap. */
  constructor(
    mappings: readonly Mapping[],
    private readonly hooks: BusHooks,
  ) {
    requireApart(mappings, PORTS);
    this.assign(mappings);
  }

  /** From now on these mappings answer. Where some overlap, the first answers. One that leaves the space is left out. */
  assign(mappings: readonly Mapping[]): void {
    this.byPort.clear();
    for (const mapping of [...mappings].reverse()) {
      if (!fits(mapping, PORTS)) continue;
      for (let port = mapping.base; port < mapping.base + mapping.length; port++) this.byPort.set(port, mapping);
    }
  }

  /** An access that one device does not cover is broken into bytes; those nobody claims read as ones. */
  read(port: number, width: AccessWidth, vcpu: number): number | null {
    const mapping = this.byPort.get(port);
    if (mapping && this.byPort.get(port + width - 1) === mapping) return readFrom(mapping, port, width, vcpu, this.hooks);
    if (width === 1) return null;
    let value = 0;
    let claimed = false;
    for (let i = 0; i < width; i++) {
      const byte = this.read(port + i, 1, vcpu);
      claimed ||= byte !== null;
      value += (byte ?? 0xff) * 2 ** (8 * i);
    }
    return claimed ? value : null;
  }

  write(port: number, width: AccessWidth, value: number, vcpu: number): boolean {
    const mapping = this.byPort.get(port);
    if (mapping && this.byPort.get(port + width - 1) === mapping) {
      writeTo(mapping, port, width, value, vcpu, this.hooks);
      return true;
    }
    if (width === 1) return false;
    let claimed = false;
    for (let i = 0; i < width; i++) claimed = this.write(port + i, 1, Math.floor(value / 2 ** (8 * i)) % 256, vcpu) || claimed;
    return claimed;
  }
}

/** [base, end) of the MMIO space, where one mapping answers. */
interface Span {
  readonly base: number;
  readonly end: number;
  readonly mapping: Mapping;
}

export class MmioBus implements MmioSpace {
  /** By ascending address; none overlap. */
  private spans: readonly Span[] = [];

  /** Errors as `PortBus`. */
  constructor(
    mappings: readonly Mapping[],
    private readonly hooks: BusHooks,
  ) {
    requireApart(mappings, MMIO_LIMIT);
    this.assign(mappings);
  }

  /** As `PortBus`. */
  assign(mappings: readonly Mapping[]): void {
    const inSpace = mappings.filter((mapping) => fits(mapping, MMIO_LIMIT));
    this.spans = inSpace.reduceRight<Span[]>(over, []).sort((a, b) => a.base - b.base);
  }

  read(gpa: number, width: AccessWidth, vcpu: number): number | null {
    const mapping = this.find(gpa, width);
    return mapping ? readFrom(mapping, gpa, width, vcpu, this.hooks) : null;
  }

  write(gpa: number, width: AccessWidth, value: number, vcpu: number): boolean {
    const mapping = this.find(gpa, width);
    if (mapping) writeTo(mapping, gpa, width, value, vcpu, this.hooks);
    return mapping !== null;
  }

  /** The mapping that answers for all of [gpa, gpa + width), by binary search. */
  private find(gpa: number, width: number): Mapping | null {
    let low = 0;
    let high = this.spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.spans[middle]!.base <= gpa) low = middle + 1;
      else high = middle;
    }
    const span = this.spans[low - 1];
    return span && gpa + width <= span.end ? span.mapping : null;
  }
}

/** `spans` with `mapping` laid over them. */
function over(spans: readonly Span[], mapping: Mapping): Span[] {
  const { base, length } = mapping;
  const end = base + length;
  const left = spans.flatMap((span) => [
    { ...span, end: Math.min(span.end, base) },
    { ...span, base: Math.max(span.base, end) },
  ]);
  return [...left.filter((span) => span.base < span.end), { base, end, mapping }];
}
