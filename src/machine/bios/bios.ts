// The firmware as a device. Its ROM asks for services by writing to the device's one port. What it knows lies in guest memory, but
// for the disk: the blocks that the guest wrote are saved beside the device's state.

import type { BlockStore } from '../../base/blocks.ts';
import type { AccessWidth, Device, DeviceState } from '../../base/device.ts';
import { InputError } from '../../base/errors.ts';
import type { DeviceMemory, PortSpace } from '../../base/platform.ts';
import { checkState } from '../../devices/state.ts';
import type { CallingVcpu } from '../../vm/calling-vcpu.ts';
import type { A20Control } from '../board.ts';
import { Caller } from './caller.ts';
import { Disk } from './disk.ts';
import type { DiskImage } from './disk.ts';
import { int70 } from './event-wait.ts';
import { FirmwareMemory } from './firmware-memory.ts';
import { FirmwarePorts } from './firmware.ts';
import type { Firmware, Service } from './firmware.ts';
import { int08 } from './int08-timer.ts';
import { int09 } from './int09-keyboard.ts';
import { int10 } from './int10-video.ts';
import { int11, int12 } from './int11-equipment.ts';
import { int13 } from './int13-disk.ts';
import { int14, int17 } from './int14-serial.ts';
import { int15 } from './int15-system.ts';
import { int16 } from './int16-keyboard.ts';
import { int18, int19 } from './int19-bootstrap.ts';
import { int1a } from './int1a-clock.ts';
import { dismissInterrupt } from './pic.ts';
import { post } from './post.ts';
import { ROM_BASE, buildRom } from './rom.ts';
import type { Rom, ServiceName } from './rom.ts';
import { TextScreen } from './text-screen.ts';

const MIB = 2 ** 20;
/** The vCPU that a machine starts with. */
const FIRST_VCPU = 0;

// biome-ignore format: a table
const SERVICES: { readonly [S in ServiceName]: Service } = {
  post, interrupt: ({ ports }) => dismissInterrupt(ports),
  int08, int09, int10, int11, int12, int13, int14, int15, int16, int17, int18, int19, int1a, int70,
};

/** What the firmware needs of the machine that it is built into. */
export interface FirmwareHost {
  readonly memory: DeviceMemory;
  readonly ports: PortSpace;
  readonly a20: A20Control;
  /** The vCPU of that index, which executes an OUT. */
  calling(vcpu: number): CallingVcpu;
  /** A line for whoever runs the machine. */
  readonly notice: (text: string) => void;
  /** Each character, in code page 437, that is written to the screen as a teletype does. */
  readonly typed: (character: number) => void;
}

export class Bios implements Device {
  readonly name = 'bios';
  readonly rom: Rom = buildRom();
  private readonly disk: Disk | null;
  /** What has been said: the host's business, not the guest's state. */
  private readonly noticed = new Set<string>();
  /** By the vCPU that runs it. */
  private readonly firmware = new Map<number, Firmware>();

  /** `host` is called only once the machine is whole. InputError as `Disk`. */
  constructor(
    image: DiskImage | null,
    private readonly host: () => FirmwareHost,
  ) {
    this.disk = image && new Disk(image);
  }

  /** Puts the ROM into memory. InputError if the machine has less than 1 MiB from 0. */
  install(): void {
    if (!this.hasRoom()) throw new InputError('a machine that boots a disk needs 1 MiB of memory');
    this.host().memory.write(this.rom.base, this.rom.bytes);
  }

  /**
   * Does at once what the ROM does at power-on, for a kernel that is loaded from outside. A machine of less than 1 MiB has no place
   * for firmware: it stays as it is.
   */
  powerOn(): void {
    if (!this.hasRoom()) return;
    this.install();
    post(this.firmwareFor(FIRST_VCPU));
  }

  private hasRoom(): boolean {
    return this.host()
      .memory.ranges()
      .some(({ base, size }) => base === 0 && size >= MIB);
  }

  /** A disk keeps what is on it. */
  reset(): void {}

  get blocks(): BlockStore | undefined {
    return this.disk?.blocks;
  }

  read(): number {
    return 0xff;
  }

  /** Only the ROM's own code is heard: any other code that writes here is ignored. */
  write(_offset: number, _width: AccessWidth, _value: number, vcpu: number): void {
    const calling = this.host().calling(vcpu);
    const request = this.rom.requests.get(calling.instruction - ROM_BASE);
    if (!request) return;
    const firmware = this.firmwareFor(vcpu);
    const caller = new Caller(calling, firmware.memory);
    const done = SERVICES[request.service](firmware, caller, request.again);
    if (done !== undefined) caller.setLiveCarry(!done);
  }

  save(): DeviceState {
    return this.disk?.save() ?? {};
  }

  restore(state: DeviceState): void {
    if (this.disk) this.disk.restore(state);
    else checkState(this.name, {}, state);
  }

  private firmwareFor(vcpu: number): Firmware {
    let firmware = this.firmware.get(vcpu);
    if (!firmware) this.firmware.set(vcpu, (firmware = this.build(vcpu)));
    return firmware;
  }

  private build(vcpu: number): Firmware {
    const host = this.host();
    const memory = new FirmwareMemory(host.memory);
    const ports = new FirmwarePorts(host.ports, vcpu);
    const screen = new TextScreen(memory, ports, host.typed);
    const notice = (text: string): void => this.notice(text);
    return { memory, ports, a20: host.a20, disk: this.disk, rom: this.rom, screen, notice, ram: () => host.memory.ranges() };
  }

  private notice(text: string): void {
    if (this.noticed.has(text)) return;
    this.noticed.add(text);
    this.host().notice(text);
  }
}
