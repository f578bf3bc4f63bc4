// INT 13H: the boot disk, by cylinder, head and sector; int13-extensions.ts has what addresses it by block number.

import type { Caller } from './caller.ts';
import { EBDA } from './data-area.ts';
import { SECTOR_BYTES } from './disk.ts';
import type { Disk } from './disk.ts';
import { readBlocks, writeBlocks } from './disk-blocks.ts';
import { Status, finish, lastStatus } from './disk-status.ts';
import type { DiskFirmware, Firmware } from './firmware.ts';
import { int13Extension } from './int13-extensions.ts';
import { ROM_SEGMENT } from './rom.ts';

/** Most sectors of one transfer: what AL and a segment hold. */
const MAX_SECTORS = 128;
/** What the address counter of a DMA channel spans. */
const DMA_BYTES = 65536;
const FORMAT_FILL = 0xf6;
/** AH = 15H. */
const DriveKind = { NONE: 0, DISKETTE: 1, FIXED: 3 } as const;

export function int13(firmware: Firmware, caller: Caller): void {
  const { ah: command } = caller;
  if (command === 0x01) return readStatus(firmware, caller);
  if (!hasDrive(firmware, caller.dl)) return noDrive(firmware, caller);
  const { disk } = firmware;
  switch (command) {
    case 0x00:
    case 0x0d:
    case 0x10:
    case 0x11:
    case 0x14:
      return finish(firmware, caller, Status.OK);
    case 0x02:
    case 0x03:
    case 0x04:
      return transfer(firmware, caller);
    case 0x05:
      return format(firmware, caller);
    case 0x08:
      return parameters(firmware, caller);
    case 0x0c:
      return finish(firmware, caller, block(disk, caller, 1) === null ? Status.INVALID : Status.OK);
    case 0x15:
      return driveKind(firmware, caller);
    case 0x16:
      // The diskette is the one that was there. A fixed disk has no such function.
      return finish(firmware, caller, disk.diskette ? Status.OK : Status.INVALID);
    case 0x17:
    case 0x18:
      return mediaType(firmware, caller);
    default:
      return int13Extension(firmware, caller);
  }
}

const hasDrive = (firmware: Firmware, drive: number): firmware is DiskFirmware => firmware.disk?.drive === drive;

function readStatus(firmware: Firmware, caller: Caller): void {
  const status = lastStatus(firmware, caller.dl);
  caller.ah = status;
  caller.carry = status !== Status.OK;
}

/** AH = 15H tells of an absent drive without an error; AH = 08H still says how many there are. */
function noDrive(firmware: Firmware, caller: Caller): void {
  if (caller.ah === 0x15) {
    caller.ah = DriveKind.NONE;
    caller.carry = false;
    return;
  }
  const isFixed = caller.dl >= 0x80;
  const ofKind = firmware.disk !== null && isFixed === (firmware.disk.diskette === null);
  if (caller.ah === 0x08 && !ofKind) {
    caller.cx = 0;
    caller.dx = 0;
  }
  finish(firmware, caller, isFixed ? Status.INVALID : Status.NO_DRIVE);
}

/** The block that CH, CL and DH name; null if `count` sectors from there are more than the geometry can name. */
function block({ geometry: { cylinders, heads, sectorsPerTrack } }: Disk, { ch, cl, dh }: Caller, count: number): number | null {
  const cylinder = ch | ((cl & 0xc0) << 2);
  const sector = cl & 0x3f;
  if (sector === 0 || sector > sectorsPerTrack || dh >= heads || cylinder >= cylinders) return null;
  const lba = (cylinder * heads + dh) * sectorsPerTrack + sector - 1;
  return lba + count <= cylinders * heads * sectorsPerTrack ? lba : null;
}

/** AH = 02H reads, 03H writes, 04H verifies AL sectors at ES:BX. AL becomes how many were done. */
function transfer(firmware: DiskFirmware, caller: Caller): void {
  const { disk } = firmware;
  const { ah: command, al: count } = caller;
  const lba = count >= 1 && count <= MAX_SECTORS ? block(disk, caller, count) : null;
  const status = statusOf(firmware, caller, lba);
  if (status === Status.OK) {
    if (command === 0x02) readBlocks(disk, caller, caller.es(caller.bx), lba!, count);
    if (command === 0x03) writeBlocks(disk, caller, caller.es(caller.bx), lba!, count);
  } else {
    caller.al = 0;
  }
  finish(firmware, caller, status);
}

/** What a transfer from block `lba` on comes to; null is no block. */
function statusOf({ disk }: DiskFirmware, caller: Caller, lba: number | null): Status {
  const { ah: command, al: count } = caller;
  if (lba === null) return Status.INVALID;
  if (command !== 0x04 && crossesBoundary(disk, caller, count * SECTOR_BYTES)) return Status.BOUNDARY;
  return lba + count > disk.sectors ? Status.NOT_FOUND : Status.OK;
}

/**
 * Whether `length` bytes at ES:BX are more than one DMA transfer can do. A diskette's data go by the first 8237, whose addresses
 * count 16 bits; a fixed disk's go by the processor, anywhere.
 */
function crossesBoundary({ diskette }: Disk, caller: Caller, length: number): boolean {
  return diskette !== null && (caller.es(caller.bx) % DMA_BYTES) + length > DMA_BYTES;
}

/** A diskette's track of AL sectors, described at ES:BX, is filled; its sectors must be numbered as the format has them. */
function format(firmware: DiskFirmware, caller: Caller): void {
  const { disk } = firmware;
  const { sectorsPerTrack } = disk.geometry;
  const track = disk.diskette ? (caller.ch * disk.geometry.heads + caller.dh) * sectorsPerTrack : -1;
  const fits = track >= 0 && caller.al === sectorsPerTrack && caller.dh < disk.geometry.heads && caller.ch < disk.geometry.cylinders;
  // Four bytes describe a sector.
  if (fits && crossesBoundary(disk, caller, 4 * sectorsPerTrack)) return finish(firmware, caller, Status.BOUNDARY);
  if (fits) for (let n = 0; n < sectorsPerTrack; n++) disk.write(track + n, new Uint8Array(SECTOR_BYTES).fill(FORMAT_FILL));
  finish(firmware, caller, fits ? Status.OK : Status.INVALID);
}

/** The last cylinder, sector and head, and how many drives of the kind there are. */
function parameters(firmware: DiskFirmware, caller: Caller): void {
  const { disk, rom } = firmware;
  const { cylinders, heads, sectorsPerTrack } = disk.geometry;
  const last = cylinders - 1;
  caller.ax = 0;
  caller.ch = last;
  caller.cl = ((last >>> 2) & 0xc0) | sectorsPerTrack;
  caller.dh = heads - 1;
  if (disk.diskette) {
    caller.bx = disk.diskette.driveType;
    caller.setEs(ROM_SEGMENT);
    caller.di = rom.disketteTable;
  }
  finish(firmware, caller, Status.OK);
  caller.dl = 1;
}

function driveKind(firmware: DiskFirmware, caller: Caller): void {
  const { disk } = firmware;
  finish(firmware, caller, Status.OK);
  caller.ah = disk.diskette ? DriveKind.DISKETTE : DriveKind.FIXED;
  if (disk.diskette) return;
  caller.cx = Math.floor(disk.sectors / 65536);
  caller.dx = disk.sectors;
}

/** AH = 17H and 18H prepare a diskette for formatting: only as what it is. */
function mediaType(firmware: DiskFirmware, caller: Caller): void {
  const { disk, rom } = firmware;
  const { cylinders, sectorsPerTrack } = disk.geometry;
  const known = disk.diskette !== null && (caller.ah === 0x17 || (caller.ch === cylinders - 1 && (caller.cl & 0x3f) === sectorsPerTrack));
  if (known && caller.ah === 0x18) {
    caller.setEs(ROM_SEGMENT);
    caller.di = rom.disketteTable;
  }
  finish(firmware, caller, known ? Status.OK : Status.INVALID);
}

/** The fixed disk parameter table that interrupt vector 41H points to. */
export function fixedDiskTable({ geometry: { cylinders, heads, sectorsPerTrack } }: Disk): { gpa: number; bytes: Uint8Array } {
  const bytes = new Uint8Array(16);
  bytes.set([cylinders & 0xff, cylinders >>> 8, heads]);
  bytes.set([0xff, 0xff], 5);
  bytes[8] = heads > 8 ? 8 : 0;
  bytes.set([cylinders & 0xff, cylinders >>> 8, sectorsPerTrack], 12);
  return { gpa: EBDA.BASE + EBDA.FIXED_DISK_TABLE, bytes };
}
