// What the registers of a VGA say about a text screen: where its cells are, and how they are to be read.

import { Crtc, verticalLines } from './vga-registers.ts';
import type { VgaState } from './vga-registers.ts';

export interface TextMode {
  readonly columns: number;
  readonly rows: number;
  /** Guest-physical address of the window in which the cells lie, and how many there are; beyond the last comes the first. */
  readonly base: number;
  readonly cells: number;
  /** The cell at the upper left, and cells from one row to the next. */
  readonly start: number;
  readonly pitch: number;
  /** Bit 7 of an attribute means blinking; else it is the background's intensity. */
  readonly blink: boolean;
  /** The cell with the cursor, null when it is off. */
  readonly cursor: number | null;
}

const GRAPHICS_MODE = 1;
/** By bits 3:2 of the graphics controller's register 06H: address and bytes of the memory window. */
const WINDOWS = [
  [0xa0000, 0x20000],
  [0xa0000, 0x10000],
  [0xb0000, 0x8000],
  [0xb8000, 0x8000],
] as const;
const BLINK = 8;
const DOUBLE_SCAN = 0x80;
const CURSOR_OFF = 0x20;

/** Null in a graphics mode. */
export function textMode({ graphics, attribute, crtc }: Pick<VgaState, 'graphics' | 'attribute' | 'crtc'>): TextMode | null {
  const miscellaneous = graphics[6]!;
  if (miscellaneous & GRAPHICS_MODE) return null;
  const [base, bytes] = WINDOWS[(miscellaneous >>> 2) & 3]!;
  const scan = crtc[Crtc.MAXIMUM_SCAN_LINE]!;
  const height = ((scan & 0x1f) + 1) * (scan & DOUBLE_SCAN ? 2 : 1);
  const first = crtc[Crtc.CURSOR_START]!;
  const last = crtc[Crtc.CURSOR_END]! & 0x1f;
  const shown = (first & CURSOR_OFF) === 0 && (first & 0x1f) <= last;
  return {
    columns: crtc[Crtc.HORIZONTAL_DISPLAY_END]! + 1,
    rows: Math.floor(verticalLines(crtc).displayed / height),
    base,
    cells: bytes / 2,
    start: crtc[Crtc.START_HIGH]! * 256 + crtc[Crtc.START_LOW]!,
    pitch: crtc[Crtc.OFFSET]! * 2,
    blink: (attribute[0x10]! & BLINK) !== 0,
    cursor: shown ? crtc[Crtc.CURSOR_HIGH]! * 256 + crtc[Crtc.CURSOR_LOW]! : null,
  };
}
