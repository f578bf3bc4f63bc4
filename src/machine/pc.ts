// A PC: a VM with the PC board built in, and with firmware if it has a disk to boot. Who creates it says where the guest's
// output goes.

import { InputError } from '../base/errors.ts';
import { LOW_RAM_LIMIT } from '../vm/config.ts';
import { Vm } from '../vm/vm.ts';
import type { VmConfig } from '../vm/config.ts';
import { Bios } from './bios/bios.ts';
import type { DiskImage } from './bios/disk.ts';
import { RESET_VECTOR, ROM_BASE, ROM_SEGMENT, SERVICE_PORT } from './bios/rom.ts';
import type { Board } from './board.ts';
import { installFirmware, romOf } from './firmware-image.ts';
import type { FirmwareImage } from './firmware-image.ts';
import { DEFAULT_EPOCH, createPcBoard } from './pc-board.ts';

export interface PcConfig extends Omit<VmConfig, 'platform'> {
  /** Bytes that the guest sends to COM1. */
  readonly serial?: (byte: number) => void;
  /** Bytes that the guest writes to port 0xE9. */
  readonly debugcon?: (byte: number) => void;
  /** What the real-time clock shows at virtual time 0, in seconds since 1970; 2000-01-01 00:00 UTC if not given. */
  readonly epoch?: number;
  /**
   * A disk to boot: the machine has BIOS services then, and vCPU 0 is at its reset vector, to load the first sector to 0000:7C00.
   * What the guest writes to the disk is kept beside the image and is part of the saved state.
   */
  readonly disk?: DiskImage;
  /** Firmware of one's own in place of that: vCPU 0 starts at its reset vector. */
  readonly firmware?: FirmwareImage;
}

export interface Pc {
  readonly vm: Vm;
  readonly board: Board;
}

/**
 * Builds the machine; a write of v to the debug-exit port ends the run with exit `debug-exit`,
 * a request for a reset with exit `reset`. Errors as `Vm`; InputError for a disk that is not whole sectors of 512
 * bytes, and for firmware that is none (firmware-image.ts).
 */
export function createPc({ serial = () => {}, debugcon = () => {}, epoch = DEFAULT_EPOCH, disk, firmware, ...config }: PcConfig): Pc {
  if (disk && firmware) throw new InputError('a disk is booted by the firmware that is built in: it cannot be given with other firmware');
  const rom = firmware ? romOf(firmware, config.memory) : null;
  let board: Board | null = null;
  const bios = disk
    ? new Bios(disk, () => ({
        physical: vm.internals.parts.physical,
        board: board!,
        caller: vm.executing!,
        ram: vm.memslots.map(({ guestPhysAddr, memorySize }) => ({ base: guestPhysAddr, size: memorySize })),
      }))
    : null;
  const vm: Vm = new Vm({
    ...config,
    ...(rom ? { rom: rom.length } : {}),
    platform: (host) => {
      const debugExit = (value: number): void => vm.exitWith({ kind: 'debug-exit', value });
      const reset = (): void => vm.exitWith({ kind: 'reset' });
      const lowRam = Math.min(config.memory, LOW_RAM_LIMIT);
      const extra = bios ? [{ base: SERVICE_PORT, length: 1, device: bios }] : [];
      board = createPcBoard(host, { serial, debugcon, debugExit, reset }, { lowRam, highRam: config.memory - lowRam, epoch, extra });
      return board;
    },
  });
  if (bios) powerOn(vm, bios);
  if (firmware && rom) installFirmware(vm, firmware, rom);
  return { vm, board: board! };
}

/** The ROM lies below 1 MiB alone, so that is where the reset vector is taken from. */
function powerOn(vm: Vm, bios: Bios): void {
  bios.install();
  const [vcpu] = vm.vcpus;
  const { cs } = vcpu!.getSregs();
  vcpu!.setSregs({ cs: { ...cs, selector: ROM_SEGMENT, base: BigInt(ROM_BASE) } });
  vcpu!.setRegs({ rip: BigInt(RESET_VECTOR) });
}
