// The firmware as a device: its ROM asks for services by writing to the one port that it has. What it knows lies in guest memory,
// but for the disk, whose written sectors are its saved state.

import type { Device, DeviceState } from '../../base/device.ts';
import { InputError } from '../../base/errors.ts';
import { Seg } from '../../base/state/vcpu.ts';
import type { Cpu } from '../../cpu/cpu.ts';
import type { PhysicalMemory } from '../../mmu/physical-memory.ts';
import type { Board } from '../board.ts';
import { Caller } from './caller.ts';
import { Disk } from './disk.ts';
import type { DiskImage } from './disk.ts';
import { int70 } from './event-wait.ts';
import { FirmwareMemory } from './firmware-memory.ts';
import { FirmwarePorts } from './firmware.ts';
import type { Firmware, RamRange, Service } from './firmware.ts';
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

// biome-ignore format: a table
const SERVICES: { readonly [S in ServiceName]: Service } = {
  post, interrupt: ({ ports }) => dismissInterrupt(ports),
  int08, int09, int10, int11, int12, int13, int14, int15, int16, int17, int18, int19, int1a, int70,
};

/** What the firmware needs of the machine that it is built into. */
export interface FirmwareHost {
  readonly physical: PhysicalMemory;
  readonly board: Board;
  readonly ram: readonly RamRange[];
  /** The vCPU whose instruction is executing. */
  readonly caller: Cpu;
}

export class Bios implements Device {
  readonly name = 'bios';
  readonly rom: Rom = buildRom();
  private readonly disk: Disk;
  private firmware: Firmware | null = null;

  /** `host` is asked for first when the machine runs. InputError as `Disk`. */
  constructor(
    image: DiskImage,
    private readonly host: () => FirmwareHost,
  ) {
    this.disk = new Disk(image);
  }

  /** Puts the ROM into memory. InputError if the machine has less than 1 MiB from 0. */
  install(): void {
    const { physical } = this.host();
    if (physical.hostOffset(MIB - 1) < 0) throw new InputError('a machine that boots a disk needs 1 MiB of memory');
    physical.writeHost(this.rom.base, this.rom.bytes);
  }

  /** A disk keeps what is on it. */
  reset(): void {}

  read(): number {
    return 0xff;
  }

  /** Only the ROM's own code asks: what else writes here is not heard. */
  write(): void {
    const cpu = this.host().caller;
    const address = (Number(cpu.state.segBase[Seg.CS]! & 0xffffffffn) + cpu.rip) >>> 0;
    const request = this.rom.requests.get(address - ROM_BASE);
    if (!request) return;
    const firmware = (this.firmware ??= this.build());
    const caller = new Caller(cpu, firmware.memory);
    const done = SERVICES[request.service](firmware, caller, request.again);
    if (done !== undefined) caller.setLiveCarry(!done);
  }

  save(): DeviceState {
    return this.disk.save();
  }

  restore(state: DeviceState): void {
    this.disk.restore(state);
  }

  private build(): Firmware {
    const {
      physical,
      board: { a20 },
    } = this.host();
    const memory = new FirmwareMemory(physical);
    const ports = new FirmwarePorts(this.host().board.ports);
    const screen = new TextScreen(memory, ports);
    return { memory, ports, a20, disk: this.disk, rom: this.rom, screen, ram: () => this.host().ram };
  }
}
