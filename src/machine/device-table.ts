// A board as a table: a row says which device there is, where it answers and to which interrupt it is wired. From the rows come
// the port and MMIO spaces, the timeline, and what saves, restores and resets the devices.

import type { BlockStore } from '../base/blocks.ts';
import type { Device, IrqLine, Mapping, StateValue } from '../base/device.ts';
import { InputError } from '../base/errors.ts';
import type { DeviceMemory, DeviceTime, PlatformHost, PlatformState } from '../base/platform.ts';
import { MmioBus, PortBus } from '../devices/bus.ts';
import { Timeline } from '../devices/timeline.ts';
import type { Sink } from './board.ts';

/** A range of addresses at which a device answers. */
export interface DeviceWindow {
  /** `ports` if not given. */
  readonly space?: 'ports' | 'mmio';
  /** The first port, or guest-physical address; how many there are. */
  readonly at: number;
  /** Bytes of the window. */
  readonly length: number;
  /** What the device is told as the offset of the first; 0 if not given. */
  readonly offset?: number;
}

/** What a board gives a device that it makes. */
export interface DeviceWires {
  /** The line of the row's interrupt; without one, a line that leads nowhere. */
  readonly irq: IrqLine;
  /** Guest memory, for DMA. */
  readonly memory: DeviceMemory;
  /** Virtual time in nanoseconds. */
  now(): number;
  /** `deadline()` has changed for another reason than an access or the passing of time. */
  deadlineChanged(): void;
  /** The sink of that name among the machine's `outputs`, for what the device says. If there is none, what goes in is dropped. */
  sink(name: string): Sink;
  /**
   * From now on the device answers at these windows and nowhere else. A window that leaves the address space is left out. Where
   * windows of two devices overlap, the one whose row comes first answers. A device that moves keeps its windows' places in its
   * state, and calls this also when it is reset and restored.
   */
  move(windows: readonly DeviceWindow[]): void;
}

/** One row of a board. Without `at`, the device answers nowhere until it moves. */
export interface DeviceRow<D extends Device = Device> extends Partial<DeviceWindow> {
  /** Further windows. */
  readonly also?: readonly DeviceWindow[];
  /** The number of its interrupt; a line has one device. */
  readonly irq?: number;
  /** Called once, when the machine is built. */
  readonly make: (wires: DeviceWires) => D;
}

export interface TableHost {
  readonly platform: PlatformHost;
  readonly sink: (name: string) => Sink;
  /** The line of an interrupt; null if there is no such interrupt, or it is not for devices. */
  readonly irq: (number: number) => IrqLine | null;
  /** Whether an interrupt is masked. */
  readonly masked: (irq: number) => boolean;
}

const NOWHERE: IrqLine = { set() {} };

export class DeviceTable {
  /** In the order of their rows: devices that others depend on when they are reset or restored come last. */
  readonly devices: readonly Device[];
  readonly ports: PortBus;
  readonly mmio: MmioBus;
  readonly timeline: DeviceTime;
  private readonly time: Timeline;
  /** In the order of the rows. */
  private readonly windows = new Map<Device, readonly DeviceWindow[]>();
  private announced = Infinity;

  /** InputError for rows that clash: windows that overlap or leave the address space, an interrupt or a name used twice. */
  constructor(
    rows: readonly DeviceRow[],
    private readonly host: TableHost,
  ) {
    this.devices = makeAll(rows, (row, self) => this.wires(row, self));
    this.devices.forEach((device, n) => this.windows.set(device, windowsOf(rows[n]!)));
    const hooks = { now: () => host.platform.now(), accessed: () => this.deadlineMayHaveMoved() };
    this.ports = new PortBus(this.mappings('ports'), hooks);
    this.mmio = new MmioBus(this.mappings('mmio'), hooks);
    const irqs = new Map(this.devices.map((device, n) => [device, rows[n]!.irq]));
    const isMasked = (device: Device): boolean => {
      const irq = irqs.get(device);
      return irq !== undefined && host.masked(irq);
    };
    this.time = new Timeline(this.devices);
    this.timeline = {
      deadline: () => this.time.deadline(),
      // A device whose interrupt is masked wakes nobody.
      wakingDeadline: () => this.time.wakingDeadline(isMasked),
      advance: (now) => {
        this.time.advance(now);
        this.announced = this.time.deadline();
      },
    };
  }

  /** To be called when a deadline may have changed otherwise than by an access. */
  deadlineMayHaveMoved(): void {
    const deadline = this.time.deadline();
    if (deadline === this.announced) return;
    this.announced = deadline;
    this.host.platform.deadlineChanged();
  }

  /** Errors as `Platform.input`. */
  input(name: string, data: StateValue): number {
    const device = this.devices.find((other) => other.name === name);
    if (!device?.accept) throw new InputError(`there is no device '${name}' that takes anything from outside`);
    device.advance?.(this.host.platform.now());
    const taken = device.accept(data);
    this.deadlineMayHaveMoved();
    return taken;
  }

  /** What devices keep as blocks, by the devices' names. */
  get blocks(): ReadonlyMap<string, BlockStore> {
    return new Map(this.devices.flatMap(({ name, blocks }) => (blocks ? [[name, blocks]] : [])));
  }

  save(): PlatformState {
    return Object.fromEntries(this.devices.map((device) => [device.name, device.save()]));
  }

  /** InputError, and nothing changes, if `state` is not what `save` gives for such a board. */
  restore(state: PlatformState): void {
    checkNames(state, this.devices);
    const before = this.save();
    try {
      this.restoreAll(state);
    } catch (error) {
      this.restoreAll(before);
      throw error;
    }
    this.announced = this.time.deadline();
    this.host.platform.deadlineChanged();
  }

  reset(): void {
    for (const device of this.devices) device.reset();
    this.deadlineMayHaveMoved();
  }

  private restoreAll(state: PlatformState): void {
    for (const device of this.devices) device.restore(state[device.name]!);
  }

  private wires({ irq }: DeviceRow, self: () => Device | null): DeviceWires {
    const { platform, sink } = this.host;
    return {
      irq: irq === undefined ? NOWHERE : this.line(irq),
      memory: platform.memory,
      now: () => platform.now(),
      deadlineChanged: () => this.deadlineMayHaveMoved(),
      sink,
      move: (windows) => {
        const device = self();
        if (device === null) throw new InputError('a device moves only after it was made: its row says where it answers at first');
        this.windows.set(device, [...windows]);
        this.ports.assign(this.mappings('ports'));
        this.mmio.assign(this.mappings('mmio'));
      },
    };
  }

  private line(irq: number): IrqLine {
    const line = this.host.irq(irq);
    if (line === null) throw new InputError(`there is no interrupt ${irq} for devices`);
    return line;
  }

  private mappings(wanted: NonNullable<DeviceWindow['space']>): Mapping[] {
    return [...this.windows].flatMap(([device, windows]) =>
      windows.filter(({ space = 'ports' }) => space === wanted).map(({ at, length, offset = 0 }) => ({ base: at, length, offset, device })),
    );
  }
}

const windowsOf = ({ at, length, space, offset, also = [] }: DeviceRow): readonly DeviceWindow[] =>
  at === undefined || length === undefined
    ? also
    : [{ at, length, ...(space ? { space } : {}), ...(offset === undefined ? {} : { offset }) }, ...also];

function makeAll(rows: readonly DeviceRow[], wiresOf: (row: DeviceRow, self: () => Device | null) => DeviceWires): Device[] {
  const byIrq = new Map<number, string>();
  const names = new Set<string>();
  return rows.map((row) => {
    let made: Device | null = null;
    const device = row.make(wiresOf(row, () => made));
    made = device;
    const { name } = device;
    if (names.has(name)) throw new InputError(`two devices are called '${name}'`);
    names.add(name);
    const { irq } = row;
    if (irq === undefined) return device;
    if (byIrq.has(irq)) throw new InputError(`interrupt ${irq} of device '${name}' is that of '${byIrq.get(irq)!}'`);
    byIrq.set(irq, name);
    return device;
  });
}

function checkNames(state: PlatformState, devices: readonly Device[]): void {
  if (typeof state !== 'object' || state === null) throw new InputError('saved state of the board is not an object');
  const known = new Set(devices.map((device) => device.name));
  for (const name of Object.keys(state)) {
    if (!known.has(name)) throw new InputError(`saved state names a device this board has not: ${JSON.stringify(name)}`);
  }
  for (const name of known) {
    if (!Object.hasOwn(state, name)) throw new InputError(`saved state lacks the device ${name}`);
  }
}
