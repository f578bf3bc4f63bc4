// The text screen as INT 10H draws it: characters and attributes in text memory, the cursor in the BIOS data area and in the
// CRT controller, which is reached by its ports like any other device.

import { scannedLines } from './cursor-shape.ts';
import { Bda } from './data-area.ts';
import type { FirmwareMemory } from './firmware-memory.ts';
import type { FirmwarePorts } from './firmware.ts';

const COLOUR_TEXT = 0xb8000;
const MONOCHROME_TEXT = 0xb0000;
const MONOCHROME_MODE = 7;
/** The CRT controller's index port. */
const COLOUR_CRTC = 0x3d4;
const MONOCHROME_CRTC = 0x3b4;
/** Text memory repeats beyond this. */
const TEXT_BYTES = 0x8000;
const MAX_COLUMNS = 132;
const MAX_ROWS = 60;
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 25;
export const PAGES = 8;
const SPACE = 0x20;
const GREY_ON_BLACK = 0x07;
/** The cursor after a text mode was set: the last two lines of CGA's cell. */
const UNDERLINE = [6, 7] as const;

/** Registers of the CRT controller, by index. */
const Crtc = { CURSOR_START: 0x0a, CURSOR_END: 0x0b, START_HIGH: 0x0c, START_LOW: 0x0d, CURSOR_HIGH: 0x0e, CURSOR_LOW: 0x0f } as const;

export interface Position {
  readonly row: number;
  readonly column: number;
}

/** Rows and columns of a window, all within it. */
export interface Window {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

export class TextScreen {
  constructor(
    private readonly memory: FirmwareMemory,
    private readonly ports: FirmwarePorts,
    /** Told each character, in code page 437, that is written as a teletype does. */
    private readonly typed: (character: number) => void,
  ) {}

  get mode(): number {
    return this.memory.u8(Bda.VIDEO_MODE);
  }

  get columns(): number {
    const columns = this.memory.u16(Bda.COLUMNS);
    return columns >= 1 && columns <= MAX_COLUMNS ? columns : DEFAULT_COLUMNS;
  }

  get rows(): number {
    const rows = this.memory.u8(Bda.LAST_ROW) + 1;
    return rows >= 2 && rows <= MAX_ROWS ? rows : DEFAULT_ROWS;
  }

  get page(): number {
    return this.memory.u8(Bda.ACTIVE_PAGE) % PAGES;
  }

  /** Sets text mode `mode` (0 … 3 or 7) up; `clear`: all of text memory becomes spaces, grey on black. */
  setMode(mode: number, clear: boolean): void {
    const { memory } = this;
    const columns = mode < 2 ? 40 : 80;
    memory.setU8(Bda.VIDEO_MODE, mode);
    memory.setU16(Bda.COLUMNS, columns);
    memory.setU16(Bda.PAGE_BYTES, columns === 40 ? 0x800 : 0x1000);
    memory.write(Bda.CURSORS, new Uint8Array(2 * PAGES));
    memory.setU16(Bda.CRTC_PORT, mode === MONOCHROME_MODE ? MONOCHROME_CRTC : COLOUR_CRTC);
    memory.setU8(Bda.CRT_MODE, [0x2c, 0x28, 0x2d, 0x29][mode] ?? 0x29);
    memory.setU8(Bda.PALETTE, 0x30);
    memory.setU8(Bda.LAST_ROW, DEFAULT_ROWS - 1);
    memory.setU16(Bda.CHARACTER_HEIGHT, 16);
    memory.setU8(Bda.VIDEO_CONTROL, clear ? 0x60 : 0xe0);
    memory.setU8(Bda.VIDEO_SWITCHES, 0xf9);
    memory.setU8(Bda.VIDEO_FLAGS, 0x51);
    if (clear) memory.write(this.base, cells(TEXT_BYTES / 2, SPACE, GREY_ON_BLACK));
    this.setShape(...UNDERLINE);
    this.showPage(0);
  }

  cursor(page: number): Position {
    const at = Bda.CURSORS + 2 * (page % PAGES);
    return { column: this.memory.u8(at), row: this.memory.u8(at + 1) };
  }

  /** Moves the cursor of `page`; the one on show moves if that is the active page. */
  setCursor(page: number, { row, column }: Position): void {
    this.memory.setU16(Bda.CURSORS + 2 * (page % PAGES), (row << 8) | column);
    if (page % PAGES === this.page) this.showCursor();
  }

  /** As it was asked for: first line in the upper byte, last in the lower. */
  get shape(): number {
    return this.memory.u16(Bda.CURSOR_SHAPE);
  }

  /** First and last line of the cursor, as programs count them; bit 5 of `start` hides it. The data area keeps what was asked for. */
  setShape(start: number, end: number): void {
    const { memory } = this;
    memory.setU16(Bda.CURSOR_SHAPE, (start << 8) | end);
    const lines = scannedLines({ start, end }, memory.u16(Bda.CHARACTER_HEIGHT), memory.u8(Bda.VIDEO_CONTROL));
    this.crtc(Crtc.CURSOR_START, lines.start);
    this.crtc(Crtc.CURSOR_END, lines.end);
  }

  showPage(page: number): void {
    const start = (page % PAGES) * this.pageBytes;
    this.memory.setU8(Bda.ACTIVE_PAGE, page % PAGES);
    this.memory.setU16(Bda.PAGE_START, start);
    this.crtc(Crtc.START_HIGH, start >>> 9);
    this.crtc(Crtc.START_LOW, start >>> 1);
    this.showCursor();
  }

  /** Character and attribute, in the low and high byte. */
  cell(page: number, position: Position): number {
    return this.memory.u16(this.address(page, position));
  }

  /** Puts `count` characters on the screen from `position` on, without moving the cursor; with `attribute` null the old ones stay. */
  fill(page: number, position: Position, character: number, attribute: number | null, count: number): void {
    const { columns } = this;
    const from = position.row * columns + position.column;
    const most = Math.min(count, this.rows * columns - from);
    for (let n = 0; n < most; n++) {
      const at = this.address(page, { row: 0, column: from + n });
      this.memory.setU8(at, character);
      if (attribute !== null) this.memory.setU8(at + 1, attribute);
    }
  }

  /** Writes a character as a teletype does, in `attribute` or else in that of the place. Returns the new position. */
  type(page: number, at: Position, character: number, attribute: number | null): Position {
    let { row, column } = at;
    this.typed(character);
    switch (character) {
      case 0x07:
        return at;
      case 0x08:
        column = Math.max(0, column - 1);
        break;
      case 0x0a:
        row++;
        break;
      case 0x0d:
        column = 0;
        break;
      default:
        this.fill(page, at, character, attribute, 1);
        column++;
    }
    if (column >= this.columns) {
      column = 0;
      row++;
    }
    if (row < this.rows) return { row, column };
    const last = this.rows - 1;
    const blank = attribute ?? this.cell(page, { row: Math.min(at.row, last), column: Math.min(at.column, this.columns - 1) }) >>> 8;
    this.scroll(page, { top: 0, left: 0, bottom: last, right: this.columns - 1 }, 1, blank);
    return { row: last, column };
  }

  /** Types `text` at the cursor of the active page. */
  print(text: string): void {
    const { page } = this;
    let at = this.cursor(page);
    for (const character of text) at = this.type(page, at, character.charCodeAt(0), null);
    this.setCursor(page, at);
  }

  /** Moves the window's lines up by `lines` (down if negative; 0: all of them away) and clears the rest with `attribute`. */
  scroll(page: number, window: Window, lines: number, attribute: number): void {
    const bottom = Math.min(window.bottom, this.rows - 1);
    const right = Math.min(window.right, this.columns - 1);
    const { top, left } = window;
    if (top > bottom || left > right) return;
    const height = bottom - top + 1;
    const width = right - left + 1;
    const moved = lines === 0 || Math.abs(lines) >= height ? 0 : height - Math.abs(lines);
    const rows = Array.from({ length: moved }, (_, n) => this.readRow(page, (lines > 0 ? top + lines : top) + n, left, width));
    rows.forEach((row, n) => this.writeRow(page, (lines > 0 ? top : top - lines) + n, left, row));
    const blank = cells(width, SPACE, attribute);
    for (let n = 0; n < height - moved; n++) this.writeRow(page, (lines > 0 ? top + moved : top) + n, left, blank);
  }

  private readRow(page: number, row: number, column: number, width: number): Uint8Array {
    return this.memory.read(this.address(page, { row, column }), 2 * width);
  }

  private writeRow(page: number, row: number, column: number, bytes: Uint8Array): void {
    this.memory.write(this.address(page, { row, column }), bytes);
  }

  private get base(): number {
    return this.mode === MONOCHROME_MODE ? MONOCHROME_TEXT : COLOUR_TEXT;
  }

  private get pageBytes(): number {
    return this.memory.u16(Bda.PAGE_BYTES) & (TEXT_BYTES - 1);
  }

  private address(page: number, { row, column }: Position): number {
    const offset = (page % PAGES) * this.pageBytes + 2 * (row * this.columns + column);
    return this.base + (offset & (TEXT_BYTES - 2));
  }

  private showCursor(): void {
    const { row, column } = this.cursor(this.page);
    const at = (this.memory.u16(Bda.PAGE_START) >>> 1) + row * this.columns + column;
    this.crtc(Crtc.CURSOR_HIGH, at >>> 8);
    this.crtc(Crtc.CURSOR_LOW, at);
  }

  private crtc(register: number, value: number): void {
    const port = this.memory.u16(Bda.CRTC_PORT) === MONOCHROME_CRTC ? MONOCHROME_CRTC : COLOUR_CRTC;
    this.ports.out(port, register);
    this.ports.out(port + 1, value);
  }
}

function cells(count: number, character: number, attribute: number): Uint8Array {
  const bytes = new Uint8Array(2 * count);
  for (let at = 0; at < bytes.length; at += 2) {
    bytes[at] = character;
    bytes[at + 1] = attribute;
  }
  return bytes;
}
