// INT 10H: the text screen. There are text modes only. A call for graphics, fonts or palettes changes nothing; a graphics mode that
// is asked for gives a notice.

import type { Caller } from './caller.ts';
import type { Firmware } from './firmware.ts';
import { PAGES } from './text-screen.ts';
import type { Position, TextScreen, Window } from './text-screen.ts';
import { Bda } from './data-area.ts';

const TEXT_MODES = [0, 1, 2, 3, 7];
/** Bit 7 of AL at AH = 00H: leave the screen's contents. */
const KEEP = 0x80;
/** What AL tells of text modes after AH = 00H. */
const MODE_SET = 0x30;
const CHARACTER_HEIGHT = 16;
/** In VIDEO_CONTROL: the cursor's lines are taken as they are given. */
const EMULATION_OFF = 1;
/** Write string (AH = 13H): bit 0 of AL moves the cursor, bit 1 says that attributes stand in the string. */
const MOVES = 1;
const ATTRIBUTES = 2;
const VGA_COLOUR = 8;

export function int10(firmware: Firmware, caller: Caller): void {
  const { screen } = firmware;
  switch (caller.ah) {
    case 0x00:
      return setMode(firmware, caller);
    case 0x01:
      return screen.setShape(caller.ch, caller.cl);
    case 0x02:
      return screen.setCursor(caller.bh, { row: caller.dh, column: caller.dl });
    case 0x03: {
      const { row, column } = screen.cursor(caller.bh);
      caller.cx = screen.shape;
      caller.dx = (row << 8) | column;
      return;
    }
    case 0x05:
      return caller.al < PAGES ? screen.showPage(caller.al) : undefined;
    case 0x06:
      return screen.scroll(screen.page, windowOf(caller), caller.al, caller.bh);
    case 0x07:
      return screen.scroll(screen.page, windowOf(caller), -caller.al, caller.bh);
    case 0x08:
      caller.ax = screen.cell(caller.bh, screen.cursor(caller.bh));
      return;
    case 0x09:
      return screen.fill(caller.bh, screen.cursor(caller.bh), caller.al, caller.bl, caller.cx);
    case 0x0a:
      return screen.fill(caller.bh, screen.cursor(caller.bh), caller.al, null, caller.cx);
    case 0x0e:
      return teletype(screen, caller);
    case 0x0f:
      caller.al = screen.mode | (firmware.memory.u8(Bda.VIDEO_CONTROL) & KEEP);
      caller.ah = screen.columns;
      caller.bh = screen.page;
      return;
    case 0x11:
      return fonts(screen, caller);
    case 0x12:
      return adapter(firmware, caller);
    case 0x13:
      return writeString(screen, caller);
    case 0x1a:
      if (caller.al !== 0) return;
      caller.al = 0x1a;
      caller.bx = VGA_COLOUR;
  }
}

function setMode({ screen, notice }: Firmware, caller: Caller): void {
  const mode = caller.al & ~KEEP;
  if (!TEXT_MODES.includes(mode)) return notice(`the guest asked for graphics mode ${hex(mode)}, which is not drawn`);
  screen.setMode(mode, (caller.al & KEEP) === 0);
  caller.al = MODE_SET;
}

const windowOf = ({ ch, cl, dh, dl }: Caller): Window => ({ top: ch, left: cl, bottom: dh, right: dl });

function teletype(screen: TextScreen, caller: Caller): void {
  const { page } = screen;
  screen.setCursor(page, screen.type(page, screen.cursor(page), caller.al, null));
}

function writeString(screen: TextScreen, caller: Caller): void {
  const { al, bh: page, bl, cx: length } = caller;
  const step = al & ATTRIBUTES ? 2 : 1;
  const text = caller.read(caller.es(caller.bp), step * length);
  let at: Position = { row: caller.dh, column: caller.dl };
  for (let n = 0; n < text.length; n += step) at = screen.type(page, at, text[n]!, al & ATTRIBUTES ? text[n + 1]! : bl);
  if (al & MOVES) screen.setCursor(page, at);
}

/** AX = 1130H: how high characters are and how many rows there are. There is no font in memory to point to. */
function fonts(screen: TextScreen, caller: Caller): void {
  if (caller.al !== 0x30) return;
  caller.cx = CHARACTER_HEIGHT;
  caller.dl = screen.rows - 1;
}

/** BL = 10H: a colour screen and 256 KiB; 34H: AL = 0 or 1 switches the emulation of CGA's cursor on or off; 30H … 36H: accepted. */
function adapter({ memory }: Firmware, caller: Caller): void {
  if (caller.bl === 0x10) {
    caller.bx = 0x0003;
    caller.cx = 0x0009;
    return;
  }
  if (caller.bl < 0x30 || caller.bl > 0x36) return;
  if (caller.bl === 0x34) memory.setU8(Bda.VIDEO_CONTROL, (memory.u8(Bda.VIDEO_CONTROL) & ~EMULATION_OFF) | (caller.al & EMULATION_OFF));
  caller.al = 0x12;
}

/** As assemblers write it: `13h`. */
const hex = (value: number): string => `${value.toString(16).toUpperCase().padStart(2, '0')}h`;
