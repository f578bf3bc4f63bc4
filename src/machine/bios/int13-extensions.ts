// INT 13H by block number, for fixed disks (Phoenix and T13, "BIOS Enhanced Disk Drive Specification"): AH = 41H … 48H.
//
//   disk address packet at DS:SI
//   0 its bytes, 16 or more | 2 blocks | 4 buffer's offset | 6 its segment | 8 first block, 64 bits
//   | 16 flat address of the buffer, if 4 and 6 are ones

import type { Caller } from './caller.ts';
import { SECTOR_BYTES } from './disk.ts';
import { readBlocks, writeBlocks } from './disk-blocks.ts';
import { Status, finish } from './disk-status.ts';
import type { DiskFirmware } from './firmware.ts';

const ASKED = 0x55aa;
const ANSWER = 0xaa55;
/** EDD 1.1, and of its parts the fixed disk access functions. */
const VERSION = 0x21;
const FIXED_DISK_ACCESS = 1;
const PACKET_BYTES = 16;
const FLAT_PACKET_BYTES = 24;
const MAX_BLOCKS = 127;
const PARAMETER_BYTES = 26;
/** Information flags of AH = 48H: the geometry is valid. */
const GEOMETRY_VALID = 2;

export function int13Extension(firmware: DiskFirmware, caller: Caller): void {
  if (firmware.disk.diskette) return finish(firmware, caller, Status.INVALID);
  switch (caller.ah) {
    case 0x41:
      return present(firmware, caller);
    case 0x42:
    case 0x43:
    case 0x44:
    case 0x47:
      return transfer(firmware, caller);
    case 0x48:
      return parameters(firmware, caller);
    default:
      return finish(firmware, caller, Status.INVALID);
  }
}

function present(firmware: DiskFirmware, caller: Caller): void {
  if (caller.bx !== ASKED) return finish(firmware, caller, Status.INVALID);
  finish(firmware, caller, Status.OK);
  caller.bx = ANSWER;
  caller.ah = VERSION;
  caller.cx = FIXED_DISK_ACCESS;
}

interface Packet {
  readonly address: number;
  readonly count: number;
  readonly buffer: number;
  readonly lba: bigint;
}

function readPacket(caller: Caller): Packet | null {
  const address = caller.ds(caller.si);
  const view = viewOf(caller.read(address, PACKET_BYTES));
  const size = view.getUint8(0);
  const offset = view.getUint16(4, true);
  const segment = view.getUint16(6, true);
  if (size < PACKET_BYTES) return null;
  const packet = { address, count: view.getUint16(2, true), buffer: segment * 16 + offset, lba: view.getBigUint64(8, true) };
  if (offset !== 0xffff || segment !== 0xffff || size < FLAT_PACKET_BYTES) return packet;
  const flat = viewOf(caller.read(address + PACKET_BYTES, 8)).getBigUint64(0, true);
  // A service runs with the caller's paging, and without any it reaches 4 GiB.
  return flat < 2n ** 32n ? { ...packet, buffer: Number(flat) } : null;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer);

/** AH = 42H reads, 43H writes, 44H verifies, 47H seeks. The packet's count becomes how many blocks were done. */
function transfer(firmware: DiskFirmware, caller: Caller): void {
  const { disk } = firmware;
  const { ah: command } = caller;
  const packet = readPacket(caller);
  if (packet === null) return finish(firmware, caller, Status.INVALID);
  const { count, lba, buffer, address } = packet;
  const moves = command === 0x42 || command === 0x43;
  const fits = lba + BigInt(command === 0x47 ? 1 : count) <= BigInt(disk.sectors) && (!moves || count <= MAX_BLOCKS);
  if (!fits) {
    caller.write(address + 2, Uint8Array.of(0, 0));
    return finish(firmware, caller, Status.INVALID);
  }
  if (command === 0x42) readBlocks(disk, caller, buffer, Number(lba), count);
  if (command === 0x43) writeBlocks(disk, caller, buffer, Number(lba), count);
  finish(firmware, caller, Status.OK);
}

/** The result buffer at DS:SI begins with its own length. */
function parameters(firmware: DiskFirmware, caller: Caller): void {
  const { disk } = firmware;
  const { cylinders, heads, sectorsPerTrack } = disk.geometry;
  const address = caller.ds(caller.si);
  if (viewOf(caller.read(address, 2)).getUint16(0, true) < PARAMETER_BYTES) return finish(firmware, caller, Status.INVALID);
  const bytes = new Uint8Array(PARAMETER_BYTES);
  const view = viewOf(bytes);
  view.setUint16(0, PARAMETER_BYTES, true);
  view.setUint16(2, GEOMETRY_VALID, true);
  view.setUint32(4, cylinders, true);
  view.setUint32(8, heads, true);
  view.setUint32(12, sectorsPerTrack, true);
  view.setBigUint64(16, BigInt(disk.sectors), true);
  view.setUint16(24, SECTOR_BYTES, true);
  caller.write(address, bytes);
  finish(firmware, caller, Status.OK);
}
