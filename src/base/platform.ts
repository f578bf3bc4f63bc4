// What surrounds the vCPUs, as the vm layer sees it: port and MMIO spaces, time, and the interrupt controller's pins. A board
// (src/machine) implements it; vm knows no device by name. vCPUs are named by index: each call that a vCPU makes says which.

import type { BlockStore } from './blocks.ts';
import type { AccessWidth, DeviceState, StateValue } from './device.ts';

/** The I/O port space: ports 0 … 0xFFFF. */
export interface PortSpace {
  /** The value read, unsigned; null when nobody claims the port. */
  read(port: number, width: AccessWidth, vcpu: number): number | null;
  /** False when nobody claims the port. */
  write(port: number, width: AccessWidth, value: number, vcpu: number): boolean;
}

/** Guest-physical addresses that are not RAM. */
export interface MmioSpace {
  /** The value read, unsigned; null when nobody claims the whole access. */
  read(gpa: number, width: AccessWidth, vcpu: number): number | null;
  /** False when nobody claims the whole access. */
  write(gpa: number, width: AccessWidth, value: number, vcpu: number): boolean;
}

/** What devices do by time; all times are virtual nanoseconds. */
export interface DeviceTime {
  /** The next moment at which `advance` must be called; Infinity for none. */
  deadline(): number;
  /** The next moment at which a device may raise an interrupt that is not masked, if that is later. Absent: `deadline`. */
  wakingDeadline?(): number;
  /** Lets every device that is due act, in the order of their deadlines. Calls with a `now` in the past do nothing. */
  advance(now: number): void;
}

/** Saved state of a platform: one entry per device, by the device's name. */
export type PlatformState = { readonly [device: string]: DeviceState };

/** What surrounds the vCPUs: a board. One that a user writes is given to `Vm` as `platform`. */
export interface Platform {
  /** What answers at ports. */
  readonly ports: PortSpace;
  /** What answers at guest-physical addresses that are no RAM. */
  readonly mmio: MmioSpace;
  /** What devices do by time. */
  readonly timeline: DeviceTime;
  /** Level of INTR at that vCPU. */
  interruptPending(vcpu: number): boolean;
  /** That vCPU's INTA cycles: returns the vector (a spurious one if the request has gone) and updates the controller. */
  acknowledgeInterrupt(vcpu: number): number;
  /** Whether a device's interrupt can reach that vCPU at all: if not, no passing of time will wake it. */
  canInterrupt(vcpu: number): boolean;
  /** That vCPU's FERR# pin; returns whether IGNNE# is asserted. Absent: it is, always. */
  floatError?(vcpu: number, asserted: boolean): boolean;
  /**
   * Hands what comes from outside to the device, or the part of the board, of that name; returns how much of it was taken.
   * InputError: there is none, or it takes no such thing. Absent: nothing is taken.
   */
  input?(device: string, data: StateValue): number;
  /** Contents of devices that are saved by what changed, by the device's name; no part of what `save` gives. */
  readonly blocks?: ReadonlyMap<string, BlockStore>;
  /**
   * Puts devices and low memory into the state in which the board's firmware leaves them to a kernel that it has loaded. Loaders
   * call it before they write to memory. Absent: the board has no firmware that could.
   */
  powerOn?(): void;
  /** State of all devices, as plain data. */
  save(): PlatformState;
  /**
   * Restores what `save` gave; the machine's virtual time must have been restored before. Throws InputError and changes
   * nothing if the state is malformed. Ends with `deadlineChanged`, and `interruptChanged` for each vCPU whose INTR is up.
   */
  restore(state: PlatformState): void;
  /** Resets every device. */
  reset(): void;
}

/** A range of memory as devices see it. */
export interface MemoryRange {
  /** Guest-physical address and size, in bytes. */
  readonly base: number;
  /** Bytes. */
  readonly size: number;
  /** Read-only memory: what devices write there is lost. */
  readonly readonly: boolean;
}

/**
 * Guest-physical memory as devices reach it (DMA). What is no memory reads as ones and takes no writes. Writes go through the
 * write door, as the host's: tracking reports them.
 */
export interface DeviceMemory {
  /** What there is, by ascending address. */
  ranges(): readonly MemoryRange[];
  /** A copy. */
  read(gpa: number, length: number): Uint8Array;
  /** One byte, unsigned. */
  readByte(gpa: number): number;
  /** Writes `bytes` from `gpa` on. */
  write(gpa: number, bytes: Uint8Array): void;
}

/** What a platform needs from the machine it is built into. */
export interface PlatformHost {
  /** Guest-physical memory. */
  readonly memory: DeviceMemory;
  /** Virtual time in nanoseconds, never decreasing. */
  now(): number;
  /** INTR at that vCPU went up, or is still up after an acknowledge: the run loop must look at it. */
  interruptChanged(vcpu: number): void;
  /** `timeline.deadline()` may have moved. */
  deadlineChanged(): void;
  /**
   * Something comes from outside. The journal records it and `Platform.input` gets it, at an instruction boundary: at once, unless
   * a slice runs. Returns how much of it was taken (from within a slice: all of it).
   */
  input(device: string, data: StateValue): number;
  /** Whether address line 20 leaves the processors from now on; it does to begin with. */
  a20Changed(open: boolean): void;
}
