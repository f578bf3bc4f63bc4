// What a floating-point operation takes from the control word and adds to the status word.

/** Exception flags, as bits 5:0 of the status word; the masks are the same bits of the control word. */
export const IE = 1,
  DE = 2,
  ZE = 4,
  OE = 8,
  UE = 0x10,
  PE = 0x20;

/** Rounding control, as in bits 11:10 of the x87 control word and bits 14:13 of MXCSR. */
export const Rounding = { NEAREST: 0, DOWN: 1, UP: 2, TOWARD_ZERO: 3 } as const;
export type RoundingMode = (typeof Rounding)[keyof typeof Rounding];

/** Owned by the caller. Operations read the first three fields and write the last two. */
export interface FloatEnvironment {
  /** RC. */
  rounding: RoundingMode;
  /** PC, as bits of the significand. Only add, sub, mul, div and sqrt obey it. */
  precision: 24 | 53 | 64;
  /** Bits 5:0 of the control word: 1 = masked. */
  masks: number;
  /** Exception bits of the status word. Sticky: operations only add to it. */
  flags: number;
  /** The last operation rounded away from zero, which is what C1 tells. Written by every operation that can round. */
  roundedUp: boolean;
}

/**
 * Raises exceptions that are found before the result is computed (IE, DE, ZE). True if all are masked, so that the operation
 * goes on or gives its masked response; false if there is to be no result (SDM vol. 1, "Software Exception Handling").
 */
export function raise(env: FloatEnvironment, exceptions: number): boolean {
  env.flags |= exceptions;
  return (exceptions & ~env.masks) === 0;
}
