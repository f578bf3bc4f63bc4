// INT 09H: IRQ 1. The ROM reads the scan code and lets INT 15H, AH = 4FH look at it; what becomes of it is here.

import type { Caller } from './caller.ts';
import { Bda } from './data-area.ts';
import type { Firmware } from './firmware.ts';
import type { FirmwareMemory } from './firmware-memory.ts';
import { putKey, resetKeys } from './key-buffer.ts';
import { Shift, greyKeyWord, isKeypadDigit, isLetter, keyWord } from './scan-codes.ts';

/** Bits of SHIFT_FLAGS: what is held, and what is locked. */
const Held = { RIGHT_SHIFT: 1, LEFT_SHIFT: 2, CTRL: 4, ALT: 8 } as const;
const Lock = { SCROLL: 0x10, NUM: 0x20, CAPS: 0x40, INSERT: 0x80 } as const;
/** Bits of SHIFT_FLAGS_2: the left keys, and lock keys that are down. */
const LEFT_CTRL = 1;
const LEFT_ALT = 2;
/** Bits of KEYBOARD_FLAGS: E1H or E0H came last; the right keys; there are 101 keys. */
const E1 = 1;
const E0 = 2;
const RIGHT_CTRL = 4;
const RIGHT_ALT = 8;
export const KEYS_101 = 0x10;
const RELEASE = 0x80;
const INSERT = 0x52;
const BREAK = 0x46;
const NUM_LOCK = 0x45;
const ALT_DELETE = 0x53;
/** Byte at BREAK: Ctrl-Break was pressed. */
const BROKEN = 0x80;
const WARM = 0x1234;
/** The keyboard controller's command that pulls the reset line. */
const PULSE_RESET = 0xfe;

/** By scan code, the key's bit in SHIFT_FLAGS. */
const HELD = new Map<number, number>([
  [0x36, Held.RIGHT_SHIFT],
  [0x2a, Held.LEFT_SHIFT],
  [0x1d, Held.CTRL],
  [0x38, Held.ALT],
]);
const LOCKS = new Map<number, number>([
  [BREAK, Lock.SCROLL],
  [NUM_LOCK, Lock.NUM],
  [0x3a, Lock.CAPS],
]);

/** AL is the scan code. The answer is whether the ROM shall call INT 1BH. */
export function int09({ memory, ports }: Firmware, caller: Caller): void {
  const code = caller.al;
  caller.setLiveCarry(false);
  const prefix = memory.u8(Bda.KEYBOARD_FLAGS) & (E0 | E1);
  if (code === 0xe0 || code === 0xe1) return setFlags(memory, Bda.KEYBOARD_FLAGS, code === 0xe0 ? E0 : E1, true);
  // Pause is E1H, 1DH, 45H and the same released: the first of the two keys keeps the prefix.
  if (!(prefix & E1) || (code & ~RELEASE) !== 0x1d) setFlags(memory, Bda.KEYBOARD_FLAGS, E0 | E1, false);
  if (code === 0 || prefix & E1) return;
  const key = code & ~RELEASE;
  const grey = (prefix & E0) !== 0;
  const down = (code & RELEASE) === 0;
  if (HELD.has(key)) return hold(memory, key, grey, down);
  if (!down) return;
  const flags = memory.u8(Bda.SHIFT_FLAGS);
  const ctrl = (flags & Held.CTRL) !== 0;
  const alt = (flags & Held.ALT) !== 0;
  if (key === ALT_DELETE && ctrl && alt) {
    memory.setU16(Bda.WARM_BOOT, WARM);
    ports.out(0x64, PULSE_RESET);
  } else if (key === BREAK && ctrl) {
    resetKeys(memory);
    putKey(memory, 0);
    memory.setU8(Bda.BREAK, BROKEN);
    caller.setLiveCarry(true);
  } else if (LOCKS.has(key) && !grey) {
    memory.setU8(Bda.SHIFT_FLAGS, flags ^ LOCKS.get(key)!);
  } else {
    if (key === INSERT) memory.setU8(Bda.SHIFT_FLAGS, flags ^ Lock.INSERT);
    const word = grey ? greyKeyWord(key, shiftOf(flags, 0)) : keyWord(key, shiftOf(flags, key));
    if (word !== 0) putKey(memory, word);
  }
}

/** Which column of the table is meant, Alt before Ctrl before Shift. */
function shiftOf(flags: number, key: number): Shift {
  if (flags & Held.ALT) return Shift.ALT;
  if (flags & Held.CTRL) return Shift.CTRL;
  const shifted = (flags & (Held.LEFT_SHIFT | Held.RIGHT_SHIFT)) !== 0;
  const locked = isLetter(key) ? (flags & Lock.CAPS) !== 0 : isKeypadDigit(key) && (flags & Lock.NUM) !== 0;
  return shifted !== locked ? Shift.SHIFT : Shift.NONE;
}

/** The shift keys. A keyboard makes up Shifts of its own, with E0H before them: they count for nothing. */
function hold(memory: FirmwareMemory, key: number, grey: boolean, down: boolean): void {
  const bit = HELD.get(key)!;
  if (bit & (Held.LEFT_SHIFT | Held.RIGHT_SHIFT)) {
    if (!grey) setFlags(memory, Bda.SHIFT_FLAGS, bit, down);
    return;
  }
  const isCtrl = bit === Held.CTRL;
  if (grey) setFlags(memory, Bda.KEYBOARD_FLAGS, isCtrl ? RIGHT_CTRL : RIGHT_ALT, down);
  else setFlags(memory, Bda.SHIFT_FLAGS_2, isCtrl ? LEFT_CTRL : LEFT_ALT, down);
  const left = memory.u8(Bda.SHIFT_FLAGS_2) & (isCtrl ? LEFT_CTRL : LEFT_ALT);
  const right = memory.u8(Bda.KEYBOARD_FLAGS) & (isCtrl ? RIGHT_CTRL : RIGHT_ALT);
  setFlags(memory, Bda.SHIFT_FLAGS, bit, (left | right) !== 0);
}

function setFlags(memory: FirmwareMemory, at: number, bits: number, value: boolean): void {
  const flags = memory.u8(at);
  memory.setU8(at, value ? flags | bits : flags & ~bits);
}
