// The palette DAC of a VGA: 256 colours of three times six bits, read and written a component at a time (IBM PS/2 Video
// Subsystem Technical Reference, "Video Digital-to-Analog Converter").

import { bank, int } from './state.ts';
import type { StateOf } from './state.ts';

const COLOURS = 256;

export const DAC_SCHEMA = {
  dacMask: int(0xff),
  dacReadIndex: int(0xff),
  dacWriteIndex: int(0xff),
  /** The component that comes next, 0 red to 2 blue, and what 3C7H says: 3 while reading, 0 while writing. */
  dacComponent: int(2),
  dacReading: int(3),
  dac: bank(0x3f, 3 * COLOURS),
};

type DacState = StateOf<typeof DAC_SCHEMA>;

/** Bits 2:0 of the colour number are the red, green and blue guns at two thirds, bits 5:3 the same at one third. */
const gun = (colour: number, bit: number): number => (colour & (1 << bit) ? 0x2a : 0) + (colour & (8 << bit) ? 0x15 : 0);

/** As firmware leaves it for text: the 64 colours of the EGA, and black. */
export const initialDac = (): DacState => ({
  dacMask: 0xff,
  dacReadIndex: 0,
  dacWriteIndex: 0,
  dacComponent: 0,
  dacReading: 0,
  dac: Array.from({ length: COLOURS }, (_, colour) => (colour < 64 ? [gun(colour, 2), gun(colour, 1), gun(colour, 0)] : [0, 0, 0])).flat(),
});

/** The next components are read from colour `index` on. */
export function selectForReading(state: DacState, index: number): void {
  state.dacReadIndex = index;
  state.dacComponent = 0;
  state.dacReading = 3;
}

/** The next components are written to colour `index` on. */
export function selectForWriting(state: DacState, index: number): void {
  state.dacWriteIndex = index;
  state.dacComponent = 0;
  state.dacReading = 0;
}

export function readComponent(state: DacState): number {
  const value = state.dac[3 * state.dacReadIndex + state.dacComponent]!;
  state.dacComponent = (state.dacComponent + 1) % 3;
  if (state.dacComponent === 0) state.dacReadIndex = (state.dacReadIndex + 1) % COLOURS;
  return value;
}

export function writeComponent(state: DacState, value: number): void {
  state.dac[3 * state.dacWriteIndex + state.dacComponent] = value & 0x3f;
  state.dacComponent = (state.dacComponent + 1) % 3;
  if (state.dacComponent === 0) state.dacWriteIndex = (state.dacWriteIndex + 1) % COLOURS;
}
