/** One answer about a checkpoint: for people, line by line, and the same as data. */
export interface View {
  readonly text: readonly string[];
  readonly data: unknown;
}

/** `0x` and at least so many digits, 64-bit values unsigned. */
export const address = (value: number | bigint, digits = 8): string =>
  `0x${BigInt.asUintN(64, BigInt(value)).toString(16).padStart(digits, '0')}`;

/** A linear address: 16 digits where it needs more than 8. */
export const linearText = (linear: number): string => address(linear, linear < 0 || linear >= 2 ** 32 ? 16 : 8);

export const bytesText = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** `1 page`, `2 pages`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
