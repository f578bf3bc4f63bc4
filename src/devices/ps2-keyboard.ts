// An AT keyboard: keys, and the host's commands (IBM PS/2 Technical Reference, "Keyboard", "Commands from the System"). It sends
// scan codes of set 2, or of set 1 when told to; set 3 can be chosen and read back, but the codes are then those of set 2. Keys
// that are held down do not repeat.

import { sequenceInSet1 } from './scan-codes.ts';
import { int, list } from './state.ts';
import type { StateOf } from './state.ts';

const Command = {
  SET_LEDS: 0xed,
  ECHO: 0xee,
  SCAN_CODE_SET: 0xf0,
  READ_ID: 0xf2,
  SET_RATE: 0xf3,
  ENABLE: 0xf4,
  DISABLE: 0xf5,
  DEFAULTS: 0xf6,
  RESEND: 0xfe,
  RESET: 0xff,
} as const;
const Reply = { ACK: 0xfa, RESEND: 0xfe, SELF_TEST_PASSED: 0xaa, ID: [0xab, 0x83] } as const;
const DEFAULT_RATE = 0x2b;
const DEFAULT_SET = 2;
const OUTPUT_BYTES = 16;
/** Bytes of keys that wait; a real keyboard keeps 16. */
const KEY_BYTES = 64;

export const KEYBOARD_SCHEMA = {
  /** The command whose parameter comes next, 0 for none. */
  command: int(0xff),
  scanning: int(1),
  leds: int(7),
  rate: int(0x7f),
  set: int(3, 1),
  last: int(0xff),
  output: list(0xff, OUTPUT_BYTES),
  keys: list(0xff, KEY_BYTES),
};

export type KeyboardState = StateOf<typeof KEYBOARD_SCHEMA>;

export const initialKeyboard = (): KeyboardState => ({
  command: 0,
  scanning: 1,
  leds: 0,
  rate: DEFAULT_RATE,
  set: DEFAULT_SET,
  last: 0,
  output: [],
  keys: [],
});

/** Takes the next byte that the keyboard has for the host, null for none. */
export function takeKeyboardByte(state: KeyboardState): number | null {
  const byte = state.output.shift() ?? (keysFlow(state) ? state.keys.shift()! : null);
  if (byte !== null) state.last = byte;
  return byte;
}

/** Whether the next byte is one of a key: answers come first, and nothing while a parameter is awaited. */
export const keysFlow = ({ keys, output, command }: KeyboardState): boolean => keys.length > 0 && output.length === 0 && command === 0;

/** A key sends `codes`, of set 2. False, and nothing happens, when there is no room; a keyboard that is disabled forgets them. */
export function sendKey(state: KeyboardState, codes: readonly number[]): boolean {
  if (!state.scanning) return true;
  if (state.keys.length + codes.length > KEY_BYTES) return false;
  state.keys.push(...(state.set === 1 ? sequenceInSet1(codes) : codes));
  return true;
}

/** The host sends `byte`: a command, or the parameter of one. Its answer replaces one that was not taken yet: there is one line. */
export function commandKeyboard(state: KeyboardState, byte: number): void {
  const { command } = state;
  const reply = (...bytes: number[]): void => {
    state.output = bytes;
  };
  state.command = 0;
  if (command !== 0 && byte < Command.SET_LEDS) {
    parameter(state, command, byte, reply);
    return;
  }
  switch (byte) {
    case Command.SET_LEDS:
    case Command.SCAN_CODE_SET:
    case Command.SET_RATE:
      state.command = byte;
      return reply(Reply.ACK);
    case Command.ECHO:
      return reply(Command.ECHO);
    case Command.READ_ID:
      return reply(Reply.ACK, ...Reply.ID);
    case Command.ENABLE:
      state.scanning = 1;
      state.keys = [];
      return reply(Reply.ACK);
    case Command.DISABLE:
    case Command.DEFAULTS:
      setDefaults(state, byte === Command.DEFAULTS ? state.scanning : 0);
      return reply(Reply.ACK);
    case Command.RESEND:
      return reply(state.last);
    case Command.RESET:
      setDefaults(state, 1);
      state.leds = 0;
      return reply(Reply.ACK, Reply.SELF_TEST_PASSED);
    default:
      return reply(Reply.RESEND);
  }
}

function parameter(state: KeyboardState, command: number, byte: number, reply: (...bytes: number[]) => void): void {
  if (command === Command.SET_LEDS) state.leds = byte & 7;
  else if (command === Command.SET_RATE) state.rate = byte & 0x7f;
  else if (byte === 0) return reply(Reply.ACK, state.set);
  else if (byte <= 3) state.set = byte;
  else return reply(Reply.RESEND);
  reply(Reply.ACK);
}

function setDefaults(state: KeyboardState, scanning: number): void {
  state.rate = DEFAULT_RATE;
  state.set = DEFAULT_SET;
  state.scanning = scanning;
  state.keys = [];
}
