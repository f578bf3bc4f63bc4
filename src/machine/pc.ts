// A PC: a VM with the PC board and firmware built in. Who creates it says where the guest's output goes.

import { InputError } from '../base/errors.ts';
import type { DeviceMemory } from '../base/platform.ts';
import { loadImage } from '../boot/image.ts';
import type { MachineDescription } from '../checkpoint/store.ts';
import { LOW_RAM_LIMIT } from '../vm/config.ts';
import { Vm } from '../vm/vm.ts';
import { Bios } from './bios/bios.ts';
import type { FirmwareHost } from './bios/bios.ts';
import type { DiskImage } from './bios/disk.ts';
import { RESET_VECTOR, ROM_BASE, ROM_SEGMENT, SERVICE_PORT } from './bios/rom.ts';
import type { Board, Sink } from './board.ts';
import { checkPcConfig, checkRestoreConfig } from './check-arguments.ts';
import type { DeviceRow } from './device-table.ts';
import { installFirmware, romOf } from './firmware-image.ts';
import { OutputChannel } from './output-channel.ts';
import { DEFAULT_EPOCH, createPcBoard } from './pc-board.ts';
import type { PcBoard } from './pc-board.ts';
import { DEFAULT_MEMORY, bareConfig } from './pc-config.ts';
import type { PcConfig, RestoreConfig } from './pc-config.ts';
import { Pc } from './pc-handle.ts';
import { startOf } from './pc-image.ts';
import { enterSnapshot, readSnapshot, requireSameMachine } from './pc-snapshot.ts';
import { wholeRow } from './simple-device.ts';

export type { ImageConfig, ImageFile, PcConfig, RestoreConfig } from './pc-config.ts';
export type { Pc } from './pc-handle.ts';

const nowhere: Sink = () => {};

/**
 * Builds the machine, with its image loaded or its disk ready to boot. A write to the debug-exit port ends the run with exit
 * `debug-exit`, a request for a reset with exit `reset`. Errors as `Vm` and `loadImage`. InputError for a disk that is empty, or larger
 * than a diskette can be; for firmware that is none (firmware-image.ts); for devices that clash (device-table.ts) or lie in the
 * machine's memory; for options that do not go together.
 */
export function createPc(config: PcConfig = {}): Pc {
  checkPcConfig(config);
  const { disk, kernel } = startOf(config);
  const serial = new OutputChannel('serial', config.serial ?? 'collect');
  const debugcon = new OutputChannel('debugcon', config.debugcon ?? 'collect');
  const { vm, board } = build(config, disk, { serial: serial.byte, debugcon: debugcon.byte });
  const loaded = kernel && loadImage(kernel.name, kernel.bytes, vm, kernel.options);
  return new Pc({ vm, board, serial, debugcon, disk }, loaded);
}

/**
 * A new machine that is the one of the snapshot. `config` adds what a snapshot does not hold: sinks, devices of one's own (those that
 * the machine had), engine, tracking. What it says of the machine itself must be as it was. Errors as `createPc` and `Pc.restore`.
 */
export function restorePc(snapshot: Uint8Array, config: RestoreConfig = {}): Pc {
  const kept = readSnapshot(snapshot);
  checkRestoreConfig(config);
  const { machine, disk } = kept;
  requireSameMachine({ ...machine, ...given(config) }, machine);
  const pc = createPc({ ...(disk ? { disk } : {}), ...config, ...machine });
  enterSnapshot(pc.vm, kept);
  return pc;
}

/** What `config` says of the machine. */
const given = ({ memory, vcpus, quantum, nsPerTick, rom }: RestoreConfig): Partial<MachineDescription> =>
  Object.fromEntries(Object.entries({ memory, vcpus, quantum, nsPerTick, rom }).filter(([, value]) => value !== undefined));

/** The sink of what is written to the screen by the BIOS. */
const SCREEN = 'screen';

function build(
  config: PcConfig,
  disk: DiskImage | null,
  console: { readonly serial: Sink; readonly debugcon: Sink },
): { readonly vm: Vm; readonly board: Board } {
  const { memory = DEFAULT_MEMORY, outputs = {}, devices: rows = [], epoch = DEFAULT_EPOCH, notice = () => {}, firmware } = config;
  if (disk && firmware) throw new InputError('a disk is booted by the firmware that is built in: it cannot be given with other firmware');
  const rom = firmware ? romOf(firmware, memory) : null;
  const hasOwnRom = firmware !== undefined || (config.rom ?? 0) > 0;
  if (disk && hasOwnRom) throw new InputError('a disk is booted by the firmware that is built in: it cannot be given with other ROM');
  const sinks: { readonly [name: string]: Sink } = { ...outputs, ...console };
  const sink = (name: string): Sink => (Object.hasOwn(sinks, name) ? sinks[name]! : nowhere);
  const devices = rows.map(wholeRow);
  let board: PcBoard | null = null;
  let guestMemory: DeviceMemory | null = null;
  const biosHost = (): FirmwareHost => {
    const { ports, gate } = board!;
    return { memory: guestMemory!, ports, a20: gate, calling: (vcpu) => vm.calling(vcpu), notice, typed: sink(SCREEN) };
  };
  const bios = hasOwnRom ? null : new Bios(disk, biosHost);
  const vm: Vm = new Vm({
    ...bareConfig(config),
    memory,
    ...(rom ? { rom: rom.length } : {}),
    platform: (host) => {
      const debugExit = (value: number): void => vm.exitWith({ kind: 'debug-exit', value });
      const reset = (): void => vm.exitWith({ kind: 'reset' });
      const lowRam = Math.min(memory, LOW_RAM_LIMIT);
      const extra = [...(bios ? [{ at: SERVICE_PORT, length: 1, make: () => bios }] : []), ...devices];
      guestMemory = host.memory;
      const powerOn = bios ? { powerOn: () => bios.powerOn() } : {};
      const highRam = memory - lowRam;
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
