// The registers of a VGA as banks of bytes (IBM PS/2 Video Subsystem Technical Reference, "VGA Function"), and what firmware
// leaves in them for mode 3: 80 columns by 25 rows of text, characters of 9 by 16 dots.

import { bank, int } from './state.ts';
import type { StateOf } from './state.ts';
import { DAC_SCHEMA, initialDac } from './vga-dac.ts';

export const VGA_SCHEMA = {
  misc: int(0xff),
  feature: int(0xff),
  sequencerIndex: int(0xff),
  sequencer: bank(0xff, 5),
  graphicsIndex: int(0xff),
  graphics: bank(0xff, 9),
  crtcIndex: int(0xff),
  crtc: bank(0xff, 25),
  /** The next write to the attribute controller's port is data. */
  attributeIndex: int(0x3f),
  attributeData: int(1),
  attribute: bank(0xff, 21),
  ...DAC_SCHEMA,
};

export type VgaState = StateOf<typeof VGA_SCHEMA>;

/** Registers of the CRT controller, and bits of others, by which the screen is found. */
export const Crtc = {
  HORIZONTAL_TOTAL: 0x00,
  HORIZONTAL_DISPLAY_END: 0x01,
  VERTICAL_TOTAL: 0x06,
  OVERFLOW: 0x07,
  MAXIMUM_SCAN_LINE: 0x09,
  CURSOR_START: 0x0a,
  CURSOR_END: 0x0b,
  START_HIGH: 0x0c,
  START_LOW: 0x0d,
  CURSOR_HIGH: 0x0e,
  CURSOR_LOW: 0x0f,
  RETRACE_START: 0x10,
  RETRACE_END: 0x11,
  DISPLAY_END: 0x12,
  OFFSET: 0x13,
} as const;
/** In RETRACE_END: registers 00H to 07H are write-protected, but for bit 4 of OVERFLOW. */
const PROTECT = 0x80;
const LINE_COMPARE_8 = 0x10;

export const initialVga = (): VgaState => ({
  misc: 0x67,
  feature: 0,
  sequencerIndex: 0,
  sequencer: [0x03, 0x00, 0x03, 0x00, 0x02],
  graphicsIndex: 0,
  graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff],
  crtcIndex: 0,
  crtc: [
    0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96,
    0xb9, 0xa3, 0xff,
  ],
  attributeIndex: 0x20,
  attributeData: 0,
  attribute: [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x0c, 0x00, 0x0f, 0x08, 0x00],
  ...initialDac(),
});

/** A register of a bank; those that are not there read as ones. */
export const readBank = (registers: readonly number[], index: number): number => registers[index] ?? 0xff;

/** Writes a register of a bank, if it is there. */
export function writeBank(registers: number[], index: number, value: number): void {
  if (index < registers.length) registers[index] = value;
}

/** Writes a register of the CRT controller, as far as its write protection lets it. */
export function writeCrtc(crtc: number[], index: number, value: number): void {
  if ((crtc[Crtc.RETRACE_END]! & PROTECT) === 0 || index > Crtc.OVERFLOW) writeBank(crtc, index, value);
  else if (index === Crtc.OVERFLOW) crtc[index] = (crtc[index]! & ~LINE_COMPARE_8) | (value & LINE_COMPARE_8);
}

/** Scan lines of a frame in all, displayed, and until the retrace begins: 10 bits each, the upper two in OVERFLOW. */
export function verticalLines(crtc: readonly number[]): { total: number; displayed: number; retrace: number } {
  const overflow = crtc[Crtc.OVERFLOW]!;
  const lines = (register: number, bit8: number, bit9: number): number =>
    crtc[register]! | (((overflow >>> bit8) & 1) << 8) | (((overflow >>> bit9) & 1) << 9);
  return {
    total: lines(Crtc.VERTICAL_TOTAL, 0, 5) + 2,
    displayed: lines(Crtc.DISPLAY_END, 1, 6) + 1,
    retrace: lines(Crtc.RETRACE_START, 2, 7),
  };
}
