// A ROM of our own of 64 KiB. It says on port 0xE9 what it reads from its byte MARK through the ROM below 4 GiB, again after
// having written there, and again after that in the copy below 1 MiB; then it writes 1 to the debug-exit port.

import { assemble, u16 } from '../support/code.ts';

export const ROM_BYTES = 0x10000;
export const MARK = { offset: 0x100, value: 0x5a, written: 0x77 } as const;
const RESET = 0xfff0;

const CS = 0x2e;
const SAY = [CS, 0xa0, ...u16(MARK.offset), 0xe6, 0xe9];
const WRITE = [CS, 0xc6, 0x06, ...u16(MARK.offset), MARK.written];
/** Where the code goes on below 1 MiB. */
const LOW = 0x40;

export function ownRom(bytes = ROM_BYTES): Uint8Array {
  const rom = new Uint8Array(bytes);
  const last = bytes - ROM_BYTES;
  rom.set(assemble(0, SAY, WRITE, SAY, 0xea, u16(LOW), u16(0xf000)).bytes, last);
  rom.set(assemble(LOW, WRITE, SAY, 0xb0, 1, 0xe6, 0xf4).bytes, last + LOW);
  rom[last + MARK.offset] = MARK.value;
  // JMP to offset 0: the 16-bit displacement wraps.
  rom.set([0xe9, ...u16(0x10000 - (RESET + 3))], last + RESET);
  return rom;
}
