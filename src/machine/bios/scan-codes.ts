// What the keys of a US keyboard give: by scan code of set 1, the word of scan code and character that goes into the ring, alone,
// with Shift, with Ctrl and with Alt (IBM PS/2 and PC BIOS Interface Technical Reference, "Keyboard Usage"). 0: nothing.

/** In the order of the columns below. */
export const Shift = { NONE: 0, SHIFT: 1, CTRL: 2, ALT: 3 } as const;
export type Shift = (typeof Shift)[keyof typeof Shift];

type Row = readonly [plain: number, shift: number, ctrl: number, alt: number];

const letters = (first: number, keys: string, alt = first): [number, Row][] =>
  [...keys].map((key, n) => {
    const scan = (first + n) << 8;
    const character = key.charCodeAt(0);
    return [first + n, [scan | character, scan | (character & ~0x20), scan | (character & 0x1f), (alt + n) << 8]];
  });

/** Digits and their signs; Ctrl gives something for 2, 6 and the hyphen. */
const CTRL_ROW: { readonly [key: string]: number } = { 2: 0x0300, 6: 0x071e, '-': 0x0c1f };
const digits = (): [number, Row][] =>
  [...'1234567890-='].map((key, n) => {
    const code = 2 + n;
    const scan = code << 8;
    return [code, [scan | key.charCodeAt(0), scan | '!@#$%^&*()_+'.charCodeAt(n), CTRL_ROW[key] ?? 0, (0x78 + n) << 8]];
  });

const sign = (code: number, plain: string, shifted: string, ctrl = 0): [number, Row] => {
  const scan = code << 8;
  return [code, [scan | plain.charCodeAt(0), scan | shifted.charCodeAt(0), ctrl && scan | ctrl, scan]];
};

/** F1 … F10 give other scan codes with each shift; so do F11 and F12. */
const functionKeys = (): [number, Row][] =>
  Array.from({ length: 12 }, (_, n) => {
    const code = n < 10 ? 0x3b + n : 0x57 + n - 10;
    const row: Row = n < 10 ? [code, 0x54 + n, 0x5e + n, 0x68 + n] : [0x85 + n - 10, 0x87 + n - 10, 0x89 + n - 10, 0x8b + n - 10];
    return [code, row.map((scan) => scan << 8) as unknown as Row];
  });

/** The keypad: with Num Lock, or Shift but not both, digits. Ctrl gives scan codes of its own. */
const keypad = (): [number, Row][] =>
  (
    [
      [0x47, '7', 0x77],
      [0x48, '8', 0x8d],
      [0x49, '9', 0x84],
      [0x4a, '-', 0x8e],
      [0x4b, '4', 0x73],
      [0x4c, '5', 0x8f],
      [0x4d, '6', 0x74],
      [0x4e, '+', 0x90],
      [0x4f, '1', 0x75],
      [0x50, '2', 0x91],
      [0x51, '3', 0x76],
      [0x52, '0', 0x92],
      [0x53, '.', 0x93],
    ] as const
  ).map(([code, key, ctrl]) => {
    const typed = (code << 8) | key.charCodeAt(0);
    const isSign = key === '-' || key === '+';
    return [code, [isSign ? typed : code << 8, typed, ctrl << 8, isSign ? code << 8 : 0]];
  });

const KEYS: ReadonlyMap<number, Row> = new Map<number, Row>([
  [0x01, [0x011b, 0x011b, 0x011b, 0x0100]],
  ...digits(),
  [0x0e, [0x0e08, 0x0e08, 0x0e7f, 0x0e00]],
  [0x0f, [0x0f09, 0x0f00, 0x9400, 0xa500]],
  ...letters(0x10, 'qwertyuiop'),
  sign(0x1a, '[', '{', 0x1b),
  sign(0x1b, ']', '}', 0x1d),
  [0x1c, [0x1c0d, 0x1c0d, 0x1c0a, 0x1c00]],
  ...letters(0x1e, 'asdfghjkl'),
  sign(0x27, ';', ':'),
  sign(0x28, "'", '"'),
  sign(0x29, '`', '~'),
  sign(0x2b, '\\', '|', 0x1c),
  ...letters(0x2c, 'zxcvbnm'),
  sign(0x33, ',', '<'),
  sign(0x34, '.', '>'),
  sign(0x35, '/', '?'),
  [0x37, [0x372a, 0x372a, 0x9600, 0x3700]],
  [0x39, [0x3920, 0x3920, 0x3920, 0x3920]],
  ...functionKeys(),
  ...keypad(),
  [0x56, [0x565c, 0x567c, 0, 0]],
]);

/** Keys after E0H, whose alternatives with Alt are their own; the rest is the keypad's with E0H as the character. */
const GREY_ALT: { readonly [code: number]: number } = {
  0x47: 0x97,
  0x48: 0x98,
  0x49: 0x99,
  0x4b: 0x9b,
  0x4d: 0x9d,
  0x4f: 0x9f,
  0x50: 0xa0,
  0x51: 0xa1,
  0x52: 0xa2,
  0x53: 0xa3,
};

/** Whether Caps Lock works on the key. */
export const isLetter = (code: number): boolean => {
  const plain = (KEYS.get(code)?.[0] ?? 0) & 0xff;
  return plain >= 0x61 && plain <= 0x7a;
};

/** Whether Num Lock works on the key. */
export const isKeypadDigit = (code: number): boolean => code >= 0x47 && code <= 0x53 && code !== 0x4a && code !== 0x4e;

/** The word that key `code` gives, 0 for none. */
export const keyWord = (code: number, shift: Shift): number => KEYS.get(code)?.[shift] ?? 0;

/** The word of a key that E0H announced. */
export function greyKeyWord(code: number, shift: Shift): number {
  switch (code) {
    case 0x1c:
      return [0xe00d, 0xe00d, 0xe00a, 0xa600][shift]!;
    case 0x35:
      return [0xe02f, 0xe02f, 0x9500, 0xa400][shift]!;
    default: {
      const alt = GREY_ALT[code];
      if (alt === undefined) return 0;
      if (shift === Shift.ALT) return alt << 8;
      return (shift === Shift.CTRL ? keyWord(code, Shift.CTRL) : code << 8) | 0xe0;
    }
  }
}
