// INT 16H: keystrokes out of the ring. AH = 00H and 01H are for programs that know the 84-key keyboard alone: what only the
// 101-key keyboard has does not reach them, or as the key that it doubles.

import type { Caller } from './caller.ts';
import { Bda } from './data-area.ts';
import type { Firmware } from './firmware.ts';
import { dropKey, peekKey, putKey } from './key-buffer.ts';

/** The character that marks the keys which 101-key keyboards have twice. */
const GREY = 0xe0;
/** The last scan code that 84-key keyboards give. */
const LAST_OLD = 0x84;
/** AH = 09H: AH = 10H … 12H are there. */
const FUNCTIONS = 0x20;

export function int16(firmware: Firmware, caller: Caller): boolean {
  const { memory } = firmware;
  switch (caller.ah) {
    case 0x00:
    case 0x10: {
      const key = nextKey(firmware, caller.ah === 0x10);
      if (key === null) return false;
      dropKey(memory);
      caller.ax = key;
      break;
    }
    case 0x01:
    case 0x11: {
      const key = nextKey(firmware, caller.ah === 0x11);
      caller.zero = key === null;
      if (key !== null) caller.ax = key;
      break;
    }
    case 0x02:
      caller.al = memory.u8(Bda.SHIFT_FLAGS);
      break;
    case 0x05:
      caller.al = putKey(memory, caller.cx) ? 0 : 1;
      break;
    case 0x09:
      caller.al = FUNCTIONS;
      break;
    case 0x12:
      caller.al = memory.u8(Bda.SHIFT_FLAGS);
      caller.ah = memory.u8(Bda.SHIFT_FLAGS_2);
  }
  return true;
}

/** The keystroke that comes next, as old or new programs see it; those that old ones do not know are dropped. */
function nextKey({ memory }: Firmware, extended: boolean): number | null {
  for (;;) {
    const key = peekKey(memory);
    if (key === null || extended) return key;
    const scanCode = key >>> 8;
    const character = key & 0xff;
    // The grey Enter and slash have E0H as their scan code.
    if (scanCode === GREY) return character === 0x2f ? 0x352f : 0x1c00 | character;
    if (scanCode <= LAST_OLD) return character === GREY && scanCode !== 0 ? scanCode << 8 : key;
    dropKey(memory);
  }
}
