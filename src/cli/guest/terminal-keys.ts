// From the bytes of a terminal (or of a text) to keys of a US keyboard: characters, control characters, and the sequences by
// which terminals send cursor and function keys (ECMA-48 as xterm uses it). What has no key is passed over.

import type { KeyName } from '../../devices/scan-codes.ts';
import type { KeyEvent } from '../../machine/board.ts';
import { keysFor, pressKeys } from '../../machine/us-keyboard.ts';

const ESC = 0x1b;

/** By the final letter of CSI and SS3 sequences. */
const BY_LETTER: Readonly<Record<string, KeyName>> = {
  A: 'ArrowUp',
  B: 'ArrowDown',
  C: 'ArrowRight',
  D: 'ArrowLeft',
  F: 'End',
  H: 'Home',
  P: 'F1',
  Q: 'F2',
  R: 'F3',
  S: 'F4',
};
/** By the number of CSI sequences that end with a tilde. */
// biome-ignore format: a table
const BY_NUMBER: Readonly<Record<string, KeyName>> = {
  1: 'Home', 2: 'Insert', 3: 'Delete', 4: 'End', 5: 'PageUp', 6: 'PageDown', 7: 'Home', 8: 'End', 11: 'F1', 12: 'F2', 13: 'F3', 14: 'F4',
  15: 'F5', 17: 'F6', 18: 'F7', 19: 'F8', 20: 'F9', 21: 'F10', 23: 'F11', 24: 'F12',
};
const SEQUENCE = /^\x1b(?:\[(\d*)(?:;(\d+))?([~A-Z])|O([A-Z]))/;
/** Bits of a sequence's modifier less 1. */
const MODIFIERS: readonly (readonly [number, KeyName])[] = [
  [1, 'ShiftLeft'],
  [2, 'AltLeft'],
  [4, 'ControlLeft'],
];
/** Bytes that are keys of their own although they are control characters. */
const PLAIN = new Set(['\b', '\t', '\n', '\r']);

/** All keys of one chunk of input. An ESC that nothing follows in the chunk is the key. */
export function terminalKeys(bytes: Uint8Array): KeyEvent[] {
  const text = Buffer.from(bytes).toString('latin1');
  const keys: KeyEvent[] = [];
  for (let at = 0; at < text.length; ) {
    const sequence = SEQUENCE.exec(text.slice(at, at + 16));
    if (sequence) {
      keys.push(...sequenceKeys(sequence));
      at += sequence[0].length;
    } else if (text.charCodeAt(at) === ESC && at + 1 < text.length) {
      keys.push(...characterKeys(text[at + 1]!, ['AltLeft']));
      at += 2;
    } else {
      keys.push(...characterKeys(text[at]!, []));
      at++;
    }
  }
  return keys;
}

function sequenceKeys([, number = '', modifier = '1', final = '', single = '']: RegExpExecArray): KeyEvent[] {
  // Shift with the tabulator has a sequence of its own.
  if (final === 'Z') return pressKeys('ShiftLeft', 'Tab');
  const key = final === '~' ? BY_NUMBER[number] : BY_LETTER[final || single];
  const held = MODIFIERS.filter(([bit]) => (Number(modifier) - 1) & bit).map(([, name]) => name);
  return key ? pressKeys(...held, key) : [];
}

function characterKeys(character: string, held: readonly KeyName[]): KeyEvent[] {
  const code = character.charCodeAt(0);
  const control = code < 0x20 && code !== ESC && !PLAIN.has(character);
  // Control characters are letters and a few signs less 40H; those of letters come from keys without shift.
  const keys = keysFor(control ? String.fromCharCode(code + 0x40).toLowerCase() : character);
  return keys ? pressKeys(...held, ...(control ? ['ControlLeft' as const] : []), ...keys) : [];
}
