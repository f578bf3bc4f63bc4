import type { Device } from '../base/device.ts';
import type { Platform } from '../base/platform.ts';
import type { KeyName } from '../devices/scan-codes.ts';
import type { Vga } from '../devices/vga.ts';

/** Takes what a device says, a byte or another number, at once and in the order of the guest's writes. */
export type Sink = (value: number) => void;

/** Where a board's output goes. */
export interface BoardOutputs {
  /** The sink of that name; `serial` and `debugcon` are those of the PC. */
  sink(name: string): Sink;
  /** The guest asks to end the run with this value. */
  debugExit(value: number): void;
  /** The guest pulls the processor's reset line. */
  reset(): void;
}

/** A key going down or up, by the name of its place: `KeyA`, `Enter`, `ShiftLeft`, `ArrowUp` and so on. */
export interface KeyEvent {
  /** Which key. */
  readonly key: KeyName;
  /** Pressed, or released. */
  readonly down: boolean;
}

/** The A20 gate, as firmware serves it (INT 15H, AH = 24H). */
export interface A20Control {
  /** Whether address line 20 leaves the processors. */
  readonly open: boolean;
  /** Opens or closes every input of the gate. */
  set(open: boolean): void;
}

/** A platform with what its owner may do to it from outside. */
export interface Board extends Platform {
  /** What the board is called: `pc`. */
  readonly name: string;
  /** All devices, in the order of the board's table. */
  readonly devices: readonly Device[];
  /** The gate of address line 20. */
  readonly a20: A20Control;
  /** Keys pressed and released on the PC keyboard, in order; returns how many of them were accepted. */
  keyboardInput(keys: readonly KeyEvent[]): number;
  /**
   * The video adapter: see `textScreen`.
   * @internal
   */
  readonly vga: Vga;
  /** Bytes typed at the serial console; returns how many were accepted. */
  serialInput(bytes: ArrayLike<number>): number;
  /** How many bytes the serial console accepts now; 64 KiB when the guest has read all. */
  readonly serialRoom: number;
}
