// What surrounds the vCPUs, as the vm layer sees it: port and MMIO spaces, time, and the interrupt controller's pin. A board
// (src/machine) implements it; vm knows no device by name.

import type { AccessWidth, DeviceState } from './device.ts';

/** The I/O port space: ports 0 … 0xFFFF. */
export interface PortSpace {
  /** The value read, unsigned; null when nobody claims the port. */
  read(port: number, width: AccessWidth): number | null;
  /** False when nobody claims the port. */
  write(port: number, width: AccessWidth, value: number): boolean;
}

/** Guest-physical addresses that are not RAM. */
export interface MmioSpace {
  /** The value read, unsigned; null when nobody claims the whole access. */
  read(gpa: number, width: AccessWidth): number | null;
  /** False when nobody claims the whole access. */
  write(gpa: number, width: AccessWidth, value: number): boolean;
}

/** What devices do by time; all times are virtual nanoseconds. */
export interface DeviceTime {
  /** The next moment at which `advance` must be called; Infinity for none. */
  deadline(): number;
  /** Lets every device that is due act, in the order of their deadlines. Calls with a `now` in the past do nothing. */
  advance(now: number): void;
}

/** Saved state of a platform: one entry per device, by the device's name. */
export type PlatformState = { readonly [device: string]: DeviceState };

export interface Platform {
  readonly ports: PortSpace;
  readonly mmio: MmioSpace;
  readonly timeline: DeviceTime;
  /** Level of INTR at vCPU 0. */
  interruptPending(): boolean;
  /** The processor's INTA cycles: returns the vector (a spurious one if the request has gone) and updates the controller. */
  acknowledgeInterrupt(): number;
  /** The FERR# pin of vCPU 0; returns whether IGNNE# is asserted. Absent: it is, always. */
  floatError?(asserted: boolean): boolean;
  save(): PlatformState;
  /**
   * Restores what `save` gave; the machine's virtual time must have been restored before. Throws InputError and changes
   * nothing if the state is malformed. Ends with `deadlineChanged`, and `interruptChanged` if INTR is up.
   */
  restore(state: PlatformState): void;
  reset(): void;
}

/** What a platform needs from the machine it is built into. */
export interface PlatformHost {
  /** Virtual time in nanoseconds, never decreasing. */
  now(): number;
  /** INTR went up, or is still up after an acknowledge: the run loop must look at it. */
  interruptChanged(): void;
  /** `timeline.deadline()` may have moved. */
  deadlineChanged(): void;
  /** Whether address line 20 leaves the processors from now on; it does to begin with. */
  a20Changed(open: boolean): void;
}
