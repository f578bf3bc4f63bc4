// The text screen as data: what a monitor at the board's VGA would show.

import { textMode } from '../devices/vga-text-mode.ts';
import type { Vm } from '../vm/vm.ts';
import type { Board } from './board.ts';
import { checkScreen, checkScreenSource } from './check-arguments.ts';
import { characterOf } from './code-page-437.ts';

/** One character of the screen. */
export interface TextCell {
  /** One character of Unicode. */
  readonly character: string;
  /** Colours as attributes number them: 1 blue, 2 green, 4 red, 8 intense; 0 … 15. */
  readonly foreground: number;
  /** The same; 0 … 7 where the top bit of the attribute means to blink. */
  readonly background: number;
  /** Whether it blinks. */
  readonly blink: boolean;
}

/** What a text mode shows. */
export interface TextScreen {
  /** Characters of a row. */
  readonly columns: number;
  /** Row by row, from the top. */
  readonly rows: readonly (readonly TextCell[])[];
  /** From 0; null when it is off, or not on the screen. */
  readonly cursor: { readonly row: number; readonly column: number } | null;
}

const PAGE = 4096;

/** The screen of `vm` with `board`, between two runs; null while the guest has a graphics mode set. */
export function textScreen(pc: { readonly vm: Pick<Vm, 'page'>; readonly board: Board }): TextScreen | null {
  checkScreenSource(pc);
  const { vm, board } = pc;
  const mode = textMode(board.vga.registers);
  if (mode === null) return null;
  const { columns, base, cells, start, pitch, blink, cursor } = mode;
  const cell = (index: number): TextCell => {
    const at = base + 2 * (index % cells);
    const page = vm.page(Math.floor(at / PAGE));
    return cellOf(page?.[at % PAGE] ?? 0, page?.[(at % PAGE) + 1] ?? 0, blink);
  };
  const rows = Array.from({ length: mode.rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => cell(start + row * pitch + column)),
  );
  return { columns, rows, cursor: cursor === null ? null : placed(cursor - start, pitch, columns, mode.rows) };
}

function cellOf(code: number, attribute: number, blink: boolean): TextCell {
  return {
    character: characterOf(code),
    foreground: attribute & 15,
    background: (attribute >>> 4) & (blink ? 7 : 15),
    blink: blink && (attribute & 0x80) !== 0,
  };
}

function placed(offset: number, pitch: number, columns: number, rows: number): TextScreen['cursor'] {
  if (offset < 0 || pitch === 0) return null;
  const row = Math.floor(offset / pitch);
  const column = offset % pitch;
  return row < rows && column < columns ? { row, column } : null;
}

/** The characters alone, a line a row, without the blanks at the ends of lines and without the empty lines at the end. */
export function screenLines(screen: TextScreen): string[] {
  checkScreen(screen);
  const { rows } = screen;
  const lines = rows.map((row) =>
    row
      .map(({ character }) => character)
      .join('')
      .trimEnd(),
  );
  while (lines.at(-1) === '') lines.pop();
  return lines;
}
