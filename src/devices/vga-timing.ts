// Where the beam is: the retrace bits that guests wait for, from virtual time and the CRT controller's own numbers.

import { Crtc, verticalLines } from './vga-registers.ts';
import type { VgaState } from './vga-registers.ts';

/** Input Status Register 1: no display at this moment (horizontal or vertical), and vertical retrace. */
export const BeamStatus = { BLANK: 1, VERTICAL_RETRACE: 8 } as const;

/** Nanoseconds of a dot, by bits 3:2 of the Miscellaneous Output Register: 25.175 MHz, 28.322 MHz. */
const DOT_NS = [1e3 / 25.175, 1e3 / 28.322] as const;
/** Characters of a scan line beside those that the register counts. */
const EXTRA_CHARACTERS = 5;

export function beamStatus({ misc, sequencer, crtc }: Pick<VgaState, 'misc' | 'sequencer' | 'crtc'>, now: number): number {
  const clocking = sequencer[1]!;
  const dots = (clocking & 1 ? 8 : 9) * (clocking & 8 ? 2 : 1);
  const character = dots * DOT_NS[(misc >>> 2) & 1]!;
  const line = (crtc[Crtc.HORIZONTAL_TOTAL]! + EXTRA_CHARACTERS) * character;
  const { total, displayed, retrace } = verticalLines(crtc);
  const within = now % (line * total);
  const row = Math.floor(within / line);
  const column = Math.floor((within - row * line) / character);
  const blank = row >= displayed || column > crtc[Crtc.HORIZONTAL_DISPLAY_END]!;
  // The retrace ends at the line whose low four bits are those of the register.
  const retracing = row >= retrace && row < retrace + ((crtc[Crtc.RETRACE_END]! - retrace) & 15);
  return (blank ? BeamStatus.BLANK : 0) | (retracing ? BeamStatus.VERTICAL_RETRACE : 0);
}
