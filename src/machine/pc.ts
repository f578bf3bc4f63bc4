// A PC: a VM with the PC board and firmware built in. Who creates it says where the guest's output goes.

import { InputError } from '../base/errors.ts';
import type { DeviceMemory } from '../base/platform.ts';
import { LOW_RAM_LIMIT } from '../vm/config.ts';
import { Vm } from '../vm/vm.ts';
import type { VmConfig } from '../vm/config.ts';
import { Bios } from './bios/bios.ts';
import type { FirmwareHost } from './bios/bios.ts';
import type { DiskImage } from './bios/disk.ts';
import { RESET_VECTOR, ROM_BASE, ROM_SEGMENT, SERVICE_PORT } from './bios/rom.ts';
import type { Board, Sink } from './board.ts';
import { checkPcConfig } from './check-arguments.ts';
import type { DeviceRow } from './device-table.ts';
import { installFirmware, romOf } from './firmware-image.ts';
import type { FirmwareImage } from './firmware-image.ts';
import { DEFAULT_EPOCH, createPcBoard } from './pc-board.ts';
import type { PcBoard } from './pc-board.ts';

export interface PcConfig extends Omit<VmConfig, 'platform'> {
  /** Bytes that the guest sends to COM1. */
  readonly serial?: Sink;
  /** Bytes that the guest writes to port 0xE9. */
  readonly debugcon?: Sink;
  /** What the guest asked firmware for and does not get, such as a graphics mode: lines, each once. */
  readonly notice?: (text: string) => void;
  /** Sinks of further devices, by the names that they ask for. */
  readonly outputs?: { readonly [name: string]: Sink };
  /** Devices of one's own: where they answer, their interrupts, and what makes them. They are saved with the machine. */
  readonly devices?: readonly DeviceRow[];
  /** What the real-time clock shows at virtual time 0, in seconds since 1970; 2000-01-01 00:00 UTC if not given. */
  readonly epoch?: number;
  /**
   * A disk to boot: vCPU 0 starts at the BIOS's reset vector, to load the first sector to 0000:7C00. What the guest writes to the disk
   * is kept beside the image and saved with the machine. Without a disk the BIOS gives its services to what `loadImage` loads.
   */
  readonly disk?: DiskImage;
  /** Firmware of one's own in place of what is built in: vCPU 0 starts at its reset vector. */
  readonly firmware?: FirmwareImage;
}

export interface Pc {
  readonly vm: Vm;
  readonly board: Board;
}

const nowhere: Sink = () => {};

/**
 * Builds the machine. A write to the debug-exit port ends the run with exit `debug-exit`, a request for a reset with exit `reset`.
 * Errors as `Vm`. InputError for a disk that is empty, or larger than a diskette can be; for firmware that is none
 * (firmware-image.ts); for devices that clash (device-table.ts) or lie in the machine's memory.
 */
export function createPc(config: PcConfig): Pc {
  checkPcConfig(config);
  const { serial = nowhere, debugcon = nowhere, outputs = {}, devices = [], epoch = DEFAULT_EPOCH, ...others } = config;
  const { notice = () => {}, disk, firmware, ...vmConfig } = others;
  if (disk && firmware) throw new InputError('a disk is booted by the firmware that is built in: it cannot be given with other firmware');
  const rom = firmware ? romOf(firmware, config.memory) : null;
  const sinks: { readonly [name: string]: Sink } = { ...outputs, serial, debugcon };
  const sink = (name: string): Sink => (Object.hasOwn(sinks, name) ? sinks[name]! : nowhere);
  let board: PcBoard | null = null;
  let memory: DeviceMemory | null = null;
  const hasOwnRom = firmware !== undefined || (config.rom ?? 0) > 0;
  const biosHost = (): FirmwareHost => {
    const { ports, gate } = board!;
    return { memory: memory!, ports, a20: gate, calling: (vcpu) => vm.calling(vcpu), notice };
  };
  const bios = hasOwnRom ? null : new Bios(disk ?? null, biosHost);
  const vm: Vm = new Vm({
    ...vmConfig,
    ...(rom ? { rom: rom.length } : {}),
    platform: (host) => {
      const debugExit = (value: number): void => vm.exitWith({ kind: 'debug-exit', value });
      const reset = (): void => vm.exitWith({ kind: 'reset' });
      const lowRam = Math.min(config.memory, LOW_RAM_LIMIT);
      const extra = [...(bios ? [{ at: SERVICE_PORT, length: 1, make: () => bios }] : []), ...devices];
      ({ memory } = host);
      const powerOn = bios ? { powerOn: () => bios.powerOn() } : {};
      const highRam = config.memory - lowRam;
      board = createPcBoard(host, { sink, debugExit, reset }, { lowRam, highRam, epoch, extra, ...powerOn });
      return board;
    },
  });
  requireOutsideMemory(devices, vm);
  if (bios && disk) startBios(vm, bios);
  if (firmware && rom) installFirmware(vm, firmware, rom);
  return { vm, board: board! };
}

/** No access would ever reach a device that lies where memory is. */
function requireOutsideMemory(devices: readonly DeviceRow[], vm: Vm): void {
  const windows = devices.flatMap(({ at, length, space, also = [] }) => [{ at, length, space }, ...also]);
  for (const { at = 0, length = 0, space } of windows) {
    const hidden = vm.memslots.some(({ guestPhysAddr, memorySize }) => at < guestPhysAddr + memorySize && guestPhysAddr < at + length);
    if (space === 'mmio' && hidden)
      throw new InputError(`a device at guest-physical address 0x${at.toString(16)} lies in the machine's memory`);
  }
}

/** The ROM lies below 1 MiB alone, so vCPU 0 starts at the reset vector there. */
function startBios(vm: Vm, bios: Bios): void {
  bios.install();
  const [vcpu] = vm.vcpus;
  const { cs } = vcpu!.getSregs();
  vcpu!.setSregs({ cs: { ...cs, selector: ROM_SEGMENT, base: BigInt(ROM_BASE) } });
  vcpu!.setRegs({ rip: BigInt(RESET_VECTOR) });
}
