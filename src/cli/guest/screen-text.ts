// A text screen for a terminal: each row as characters with ECMA-48 attributes.

import type { TextCell, TextScreen } from '../../machine/text-screen.ts';

const ESC = '\x1b[';
/** The PC numbers colours blue, green, red from bit 0 on; terminals red, green, blue. */
const ANSI = [0, 4, 2, 6, 1, 5, 3, 7] as const;

const foreground = (colour: number): number => (colour & 8 ? 90 : 30) + ANSI[colour & 7]!;
const background = (colour: number): number => (colour & 8 ? 100 : 40) + ANSI[colour & 7]!;

const attributes = (cell: TextCell): string =>
  `${ESC}0;${foreground(cell.foreground)};${background(cell.background)}${cell.blink ? ';5' : ''}m`;

/** The rows of `screen`, as far as they fit into `columns` by `rows`. Each sets its attributes and ends with the terminal's own. */
export function screenRows({ rows }: TextScreen, size: { columns: number; rows: number }, colour: boolean): string[] {
  return rows.slice(0, size.rows).map((row) => {
    let text = '';
    let current = '';
    for (const cell of row.slice(0, size.columns)) {
      const wanted = colour ? attributes(cell) : '';
      if (wanted !== current) text += wanted;
      current = wanted;
      text += cell.character;
    }
    return colour ? `${text}${ESC}0m` : text;
  });
}
