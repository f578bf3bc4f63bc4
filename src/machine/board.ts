import type { Device } from '../base/device.ts';
import type { Platform } from '../base/platform.ts';

/** Where a board's output goes; each is called at once, in the order of the guest's writes. */
export interface BoardOutputs {
  /** A byte sent by the serial console. */
  serial(byte: number): void;
  /** A byte written to the debug console. */
  debugcon(byte: number): void;
  /** The guest asks to end the run with this value. */
  debugExit(value: number): void;
  /** The guest pulls the processor's reset line. */
  reset(): void;
}

/** A platform with what its owner may do to it from outside. */
export interface Board extends Platform {
  readonly name: string;
  readonly devices: readonly Device[];
  /** Bytes typed at the serial console; returns how many were accepted. */
  serialInput(bytes: ArrayLike<number>): number;
}
