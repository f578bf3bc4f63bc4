// Firmware that a user brings: a ROM image as PCs have it. It is mapped read-only and ends at 4 GiB, where processors fetch their
// first instruction. Its last part also lies at the end of the first MiB, in plain RAM: shadowed and unlocked, as chipsets call it.
// There is no chipset here by which firmware could unlock it.

import { InputError } from '../base/errors.ts';
import { ROM_END } from '../vm/config.ts';
import type { Vm } from '../vm/vm.ts';

/** A ROM image to start from. */
export interface FirmwareImage {
  /** For messages. */
  readonly name: string;
  /** A multiple of 64 KiB, up to 16 MiB. */
  readonly bytes: Uint8Array;
  /** Expansion ROMs, which firmware looks for from C0000H on. */
  readonly optionRoms?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

const KIB = 1024;
const MIB = 1024 * KIB;
const UNIT = 64 * KIB;
const MAX_BYTES = 16 * MIB;
/** An image up to this size is copied below 1 MiB whole, as some need it; of a larger one the last part is, as on PCs. */
const WHOLE_BYTES = 256 * KIB;
const LOW_BYTES = 128 * KIB;
const OPTION_ROMS = 0xc0000;
const ROM_AREA = 0xe0000;
/** Firmware looks at each boundary of 2 KiB (Plug and Play BIOS Specification, "Option ROM"). */
const OPTION_ROM_UNIT = 2 * KIB;

/** The bytes of the image. InputError, naming it, if they are no firmware for a machine of `memory` bytes of RAM. */
export function romOf({ name, bytes }: FirmwareImage, memory: number): Uint8Array {
  if (bytes.length === 0 || bytes.length % UNIT !== 0 || bytes.length > MAX_BYTES) {
    throw new InputError(`${name}: firmware of ${bytes.length} bytes; an image is a multiple of 64 KiB, up to 16 MiB`);
  }
  if (memory < MIB) throw new InputError(`${name}: firmware needs 1 MiB of memory`);
  return bytes;
}

/** Writes the ROM, its copy below 1 MiB and the expansion ROMs. InputError for an expansion ROM that is none or has no room. */
export function installFirmware(vm: Vm, { optionRoms = [] }: FirmwareImage, rom: Uint8Array): void {
  vm.writeMemory(ROM_END - rom.length, rom);
  const low = rom.length <= WHOLE_BYTES ? rom : rom.subarray(-LOW_BYTES);
  const lowStart = MIB - low.length;
  vm.writeMemory(lowStart, low);
  const end = Math.min(lowStart, ROM_AREA);
  let at = OPTION_ROMS;
  for (const { name, bytes } of optionRoms) {
    if (bytes[0] !== 0x55 || bytes[1] !== 0xaa) throw new InputError(`${name}: an expansion ROM begins with the bytes 55 AA`);
    if (at + bytes.length > end) throw new InputError(`${name}: no room; expansion ROMs end at 0x${end.toString(16)}`);
    vm.writeMemory(at, bytes);
    at += Math.ceil(bytes.length / OPTION_ROM_UNIT) * OPTION_ROM_UNIT;
  }
}
