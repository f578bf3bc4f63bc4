// What a terminal sends, as keys.

import { describe, expect, it } from 'vitest';
import { terminalKeys } from '../../src/cli/guest/terminal-keys.ts';

/** The keys that go down, in order. */
const pressed = (text: string): string =>
  terminalKeys(Buffer.from(text, 'latin1'))
    .filter(({ down }) => down)
    .map(({ key }) => key)
    .join(' ');

describe('terminal keys', () => {
  it.each([
    ['a', 'KeyA'],
    ['A', 'ShiftLeft KeyA'],
    ['~', 'ShiftLeft Backquote'],
    ['\r', 'Enter'],
    ['\n', 'Enter'],
    ['\t', 'Tab'],
    ['\x7f', 'Backspace'],
    ['\b', 'Backspace'],
    ['\x1b', 'Escape'],
    ['ab', 'KeyA KeyB'],
    ['\x03', 'ControlLeft KeyC'],
    ['\x1a', 'ControlLeft KeyZ'],
    ['\x1c', 'ControlLeft Backslash'],
    ['\x1d', 'ControlLeft BracketRight'],
    ['\x1bx', 'AltLeft KeyX'],
    ['\x1bX', 'AltLeft ShiftLeft KeyX'],
    ['\x1b\x1b', 'AltLeft Escape'],
    ['\x1b[A', 'ArrowUp'],
    ['\x1b[B', 'ArrowDown'],
    ['\x1b[C', 'ArrowRight'],
    ['\x1b[D', 'ArrowLeft'],
    ['\x1bOA', 'ArrowUp'],
    ['\x1b[H', 'Home'],
    ['\x1b[F', 'End'],
    ['\x1b[1~', 'Home'],
    ['\x1b[4~', 'End'],
    ['\x1b[2~', 'Insert'],
    ['\x1b[3~', 'Delete'],
    ['\x1b[5~', 'PageUp'],
    ['\x1b[6~', 'PageDown'],
    ['\x1bOP', 'F1'],
    ['\x1bOS', 'F4'],
    ['\x1b[15~', 'F5'],
    ['\x1b[21~', 'F10'],
    ['\x1b[24~', 'F12'],
    ['\x1b[1;5A', 'ControlLeft ArrowUp'],
    ['\x1b[1;2P', 'ShiftLeft F1'],
    ['\x1b[3;3~', 'AltLeft Delete'],
    ['\x1b[3;7~', 'AltLeft ControlLeft Delete'],
    ['\x1b[Z', 'ShiftLeft Tab'],
    ['\x1b[Ax', 'ArrowUp KeyX'],
    ['\x1b[99~', ''],
    ['\xc3\xa9', ''],
  ])('%j is %s', (text, keys) => expect(pressed(text)).toBe(keys));

  it('are all released again', () => {
    const down = new Set<string>();
    for (const { key, down: isDown } of terminalKeys(Buffer.from('aB\x03\x1b[1;8A\x1bq'))) {
      if (isDown) down.add(key);
      else expect(down.delete(key)).toBe(true);
    }
    expect(down.size).toBe(0);
  });
});
