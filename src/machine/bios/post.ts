// Power-on: the interrupt vectors, the data areas, the devices that firmware leaves running, and the screen.

import { BDA_BYTES, BDA_START, Bda, CONVENTIONAL_KIB, EBDA } from './data-area.ts';
import type { Firmware } from './firmware.ts';
import { KEYS_101 } from './int09-keyboard.ts';
import { TICKS_A_DAY } from './int08-timer.ts';
import { fixedDiskTable } from './int13-disk.ts';
import { Rtc } from './int1a-clock.ts';
import { resetKeys } from './key-buffer.ts';
import { initialisePics } from './pic.ts';
import { ROM_SEGMENT } from './rom.ts';

const VECTORS = 256;
const COM1_PORT = 0x3f8;
/** Equipment: 0 diskette drives, their number less one in 7:6 | 1 coprocessor | 5:4 = 10 80 columns in colour | 11:9 serial ports. */
const DISKETTES = 0x0001;
const COPROCESSOR = 0x0002;
const COLOUR_80 = 0x0020;
const ONE_SERIAL = 0x0200;
const DISKETTE_VECTOR = 0x1e;
const FIXED_VECTOR = 0x41;
/** INT 60H to 67H are left to programs, which look for zeros. */
const USER_VECTORS = { first: 0x60, last: 0x67 };
const SCREEN_MODE = 3;
const SERIAL_TIMEOUT = 1;
const KEYBOARD_DATA = 0x60;
const KEYBOARD_STATUS = 0x64;
const OUTPUT_FULL = 1;
/** PIT: channel 0, both bytes, mode 3. */
const CHANNEL_0 = 0x36;

export function post(firmware: Firmware): void {
  const { memory, ports, screen } = firmware;
  memory.write(BDA_START, new Uint8Array(BDA_BYTES));
  memory.write(EBDA.BASE, new Uint8Array(EBDA.KIB * 1024));
  writeVectors(firmware);
  writeData(firmware);
  resetKeys(memory);
  initialisePics(ports);
  emptyKeyboardController(ports);
  ports.out(0x43, CHANNEL_0);
  ports.out(0x40, 0);
  ports.out(0x40, 0);
  screen.setMode(SCREEN_MODE, true);
}

/**
 * A byte that came before the interrupt controllers were initialised has lost its edge. While it stays, IRQ 1 does not rise again,
 * and the keyboard is dead: so firmware throws the byte away.
 */
function emptyKeyboardController(ports: Firmware['ports']): void {
  if (ports.in(KEYBOARD_STATUS) & OUTPUT_FULL) ports.in(KEYBOARD_DATA);
}

function writeVectors({ memory, rom, disk }: Firmware): void {
  const table = new Uint8Array(4 * VECTORS);
  const view = new DataView(table.buffer);
  const set = (vector: number, segment: number, offset: number): void => view.setUint32(4 * vector, segment * 65536 + offset, true);
  for (let vector = 0; vector < VECTORS; vector++) set(vector, ROM_SEGMENT, rom.vectors.get(vector) ?? rom.ignore);
  for (let vector = USER_VECTORS.first; vector <= USER_VECTORS.last; vector++) set(vector, 0, 0);
  set(DISKETTE_VECTOR, ROM_SEGMENT, rom.disketteTable);
  if (disk && !disk.diskette) set(FIXED_VECTOR, EBDA.SEGMENT, EBDA.FIXED_DISK_TABLE);
  memory.write(0, table);
}

function writeData(firmware: Firmware): void {
  const { memory, disk } = firmware;
  memory.setU16(Bda.COM1, COM1_PORT);
  memory.setU8(Bda.COM1_TIMEOUT, SERIAL_TIMEOUT);
  memory.setU16(Bda.EBDA_SEGMENT, EBDA.SEGMENT);
  memory.setU16(Bda.EQUIPMENT, COPROCESSOR | COLOUR_80 | ONE_SERIAL | (disk?.diskette ? DISKETTES : 0));
  memory.setU16(Bda.MEMORY_KIB, CONVENTIONAL_KIB);
  memory.setU8(Bda.FIXED_DISKS, disk && !disk.diskette ? 1 : 0);
  memory.setU8(Bda.KEYBOARD_FLAGS, KEYS_101);
  memory.setU32(Bda.TICKS, ticksOfDay(firmware));
  memory.setU8(EBDA.BASE, EBDA.KIB);
  if (!disk || disk.diskette) return;
  const { gpa, bytes } = fixedDiskTable(disk);
  memory.write(gpa, bytes);
}

/** Timer ticks since midnight, by the real-time clock in BCD. */
function ticksOfDay({ ports }: Firmware): number {
  const [hours, minutes, seconds] = [Rtc.HOUR, Rtc.MINUTE, Rtc.SECOND].map((register) => {
    const bcd = ports.readCmos(register);
    return (bcd >>> 4) * 10 + (bcd & 15);
  });
  const second = (hours! * 60 + minutes!) * 60 + seconds!;
  return Math.min(TICKS_A_DAY - 1, Math.floor((second * TICKS_A_DAY) / 86400));
}
