// What a device looks like from outside. It knows neither its address nor its interrupt number: a board gives it those.

import type { BlockStore } from './blocks.ts';

/** A wire to an interrupt controller. Level 1 asserts it, 0 drops it. */
export interface IrqLine {
  /** Asserts the line or drops it. */
  set(level: 0 | 1): void;
}

/** Widths of one port or MMIO access, in bytes. */
export type AccessWidth = 1 | 2 | 4 | 8;

/** What answers at ports or addresses. */
export interface Device {
  /** Short name, for messages and as the key of its saved state. */
  readonly name: string;
  /** Puts the device into the state after power-on. */
  reset(): void;
  /**
   * Reads `width` bytes at `offset` among the device's registers, for vCPU `vcpu`. Unsigned; bits beyond the registers read as
   * ones.
   */
  read(offset: number, width: AccessWidth, vcpu: number): number;
  /** Writes the low `width` bytes of `value` at `offset`, for vCPU `vcpu`. */
  write(offset: number, width: AccessWidth, value: number, vcpu: number): void;
  /** For devices that something reaches from outside. Takes `data`, and returns how much of it. InputError for what it does not take. */
  accept?(data: StateValue): number;
  /** Plain data that `restore` of a fresh device of the same kind turns into the same state. Shares nothing with the device. */
  save(): DeviceState;
  /** Throws InputError, and changes nothing, if `state` is not what `save` gives. */
  restore(state: DeviceState): void;
  /** Contents that checkpoints save by what changed; no part of what `save` gives. */
  readonly blocks?: BlockStore | undefined;
  /**
   * For devices that act by time. `now` is the machine's virtual time in nanoseconds. Called whenever `deadline` is reached,
   * and before each access. A device without time leaves both out.
   */
  advance?(now: number): void;
  /** Virtual time, in nanoseconds, of the next moment at which it must be advanced; Infinity for none. */
  deadline?(): number;
}

/** Saved data: what JSON has, and bytes. */
export type StateValue = number | string | boolean | null | Uint8Array | readonly StateValue[] | { readonly [field: string]: StateValue };
/** Saved state of one device, plain data by field. */
export type DeviceState = { readonly [field: string]: StateValue };

/** Where a device answers: at [base, base + length) of a port or MMIO space. */
export interface Mapping {
  readonly base: number;
  readonly length: number;
  readonly device: Device;
  /** The device's offset that `base` stands for; 0 if not given. */
  readonly offset?: number;
}
