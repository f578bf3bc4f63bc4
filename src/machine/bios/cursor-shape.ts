// The cursor's shape. Programs were made for CGA, whose cells have 8 lines, and ask for lines 6 and 7 to have an underline. A VGA's
// BIOS keeps their numbers in the data area and gives the CRT controller what looks alike in the cell that there is. The rules
// are those of IBM's VGA BIOS, which scale no line: they tell an underline from a block.

export interface CursorLines {
  /** Bits 4:0 the line, bit 5 no cursor. */
  readonly start: number;
  readonly end: number;
}

const LINE = 0x1f;
/** In the data area's byte of video control: no emulation. */
const EMULATION_OFF = 1;
/** In a cell whose last line is beyond this an underline keeps off that line. */
const TALL = 12;
/** First and last line of an underline are so far apart at most; a block that begins further down is the lower half. */
const THIN = 2;
/** Up to this line a cursor ends in the upper half of CGA's cell, and stays as it is. */
const UPPER = 3;

/** What the CRT controller is given for a cursor that was asked for as `asked`, in a cell of `height` lines. */
export function scannedLines(asked: CursorLines, height: number, videoControl: number): CursorLines {
  const { start, end } = asked;
  const last = height - 1;
  if (videoControl & EMULATION_OFF || start > LINE || end > LINE || last > LINE || last < UPPER) return asked;
  // CGA's cursor goes round from the last line to the first: the part below is what is left of it.
  if (end < start) return end === 0 ? asked : { start: end, end: last };
  if (end <= UPPER) return asked;
  if (end - start > THIN) return { start: start > THIN ? height >>> 1 : start, end: last };
  const raised = last > TALL ? 1 : 0;
  return { start: last - (end - start) - raised, end: last - raised };
}
