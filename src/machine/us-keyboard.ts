// A US keyboard: which keys are to be pressed for a character, and in what order for a combination of them.

import { requireString, shown } from '../base/arguments.ts';
import { InputError } from '../base/errors.ts';
import { KEY_NAMES } from '../devices/scan-codes.ts';
import type { KeyName } from '../devices/scan-codes.ts';
import type { KeyEvent } from './board.ts';

/** By key, its character without and with the shift key. */
const PAIRS: readonly (readonly [KeyName, string])[] = [
  ['Backquote', '`~'],
  ['Minus', '-_'],
  ['Equal', '=+'],
  ['BracketLeft', '[{'],
  ['BracketRight', ']}'],
  ['Backslash', '\\|'],
  ['Semicolon', ';:'],
  ['Quote', '\'"'],
  ['Comma', ',<'],
  ['Period', '.>'],
  ['Slash', '/?'],
  ...Array.from(')!@#$%^&*(', (shifted, digit) => [`Digit${digit}` as KeyName, `${digit}${shifted}`] as const),
  ...Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ', (letter) => [`Key${letter}` as KeyName, letter.toLowerCase() + letter] as const),
];

const CHARACTERS: ReadonlyMap<string, readonly KeyName[]> = new Map<string, readonly KeyName[]>([
  [' ', ['Space']],
  ['\n', ['Enter']],
  ['\r', ['Enter']],
  ['\t', ['Tab']],
  ['\b', ['Backspace']],
  ['\x7f', ['Backspace']],
  ['\x1b', ['Escape']],
  ...PAIRS.flatMap(
    ([key, [plain, shifted]]) =>
      [
        [plain!, [key]],
        [shifted!, ['ShiftLeft', key]],
      ] as [string, readonly KeyName[]][],
  ),
]);

/** The keys of a character, those to hold first; null when a US keyboard has none for it. */
export const keysFor = (character: string): readonly KeyName[] | null => CHARACTERS.get(character) ?? null;

/** Keys pressed one after the other and released in the opposite order: `pressKeys('ControlLeft', 'KeyC')`. InputError: no such key. */
export function pressKeys(...keys: readonly KeyName[]): KeyEvent[] {
  const unknown = keys.findIndex((key) => !KEY_NAMES.includes(key));
  if (unknown >= 0) throw new InputError(`keys: ${shown(keys[unknown])} is no key of the keyboard`);
  return [...keys.map((key) => ({ key, down: true })), ...[...keys].reverse().map((key) => ({ key, down: false }))];
}

/** The keys that type `text` on a US keyboard: `board.keyboardInput(typeText('dir\n'))`. InputError: a character that it cannot type. */
export function typeText(text: string): KeyEvent[] {
  requireString('text', text);
  return [...text].flatMap((character) => {
    const keys = keysFor(character);
    if (keys === null) throw new InputError(`a US keyboard has no key for ${JSON.stringify(character)}`);
    return pressKeys(...keys);
  });
}
