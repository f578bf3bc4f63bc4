// What every service has at hand, and the shape of a service.

import type { PortSpace } from '../../base/platform.ts';
import type { A20Control } from '../board.ts';
import type { Caller } from './caller.ts';
import type { Disk } from './disk.ts';
import type { FirmwareMemory } from './firmware-memory.ts';
import type { Rom } from './rom.ts';
import type { TextScreen } from './text-screen.ts';

export interface RamRange {
  readonly base: number;
  readonly size: number;
}

/** The machine as its firmware sees it. */
export interface Firmware {
  readonly memory: FirmwareMemory;
  readonly ports: FirmwarePorts;
  readonly a20: A20Control;
  /** Null: the machine has none to boot. */
  readonly disk: Disk | null;
  readonly rom: Rom;
  readonly screen: TextScreen;
  /** Tells whoever runs the machine what the guest will not get, each text once. */
  notice(text: string): void;
  /** The machine's RAM, in order of address. */
  ram(): readonly RamRange[];
}

/** Of a machine with a disk. */
export interface DiskFirmware extends Firmware {
  readonly disk: Disk;
}

/** `again`: the service was asked before and said that it was not done. It says so by false; only services that may wait do. */
export type Service = (firmware: Firmware, caller: Caller, again: boolean) => boolean | void;

/** The machine's ports as firmware uses them on the vCPU that it runs on, byte by byte; ports that nobody claims float. */
export class FirmwarePorts {
  constructor(
    private readonly space: PortSpace,
    private readonly vcpu: number,
  ) {}

  in(port: number): number {
    return this.space.read(port, 1, this.vcpu) ?? 0xff;
  }

  out(port: number, value: number): void {
    this.space.write(port, 1, value & 0xff, this.vcpu);
  }

  readCmos(register: number): number {
    this.out(0x70, register);
    return this.in(0x71);
  }

  writeCmos(register: number, value: number): void {
    this.out(0x70, register);
    this.out(0x71, value);
  }
}
