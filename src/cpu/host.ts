// What a processor needs from the machine around it. vm implements it; tests use a small one of their own.

import type { AccessWidth } from '../base/device.ts';

export interface CpuHost {
  /** Reads a port for that vCPU. null: nobody claims it, and the caller of `run` shall answer. */
  readPort(port: number, width: AccessWidth, vcpu: number): number | null;
  /** false: nobody claims it. */
  writePort(port: number, width: AccessWidth, value: number, vcpu: number): boolean;
  /** The same for a guest-physical address that no memslot backs. */
  readMmio(gpa: number, width: AccessWidth, vcpu: number): number | null;
  writeMmio(gpa: number, width: AccessWidth, value: number, vcpu: number): boolean;
  /** Ticks of virtual time: the value of the TSC before the vCPU's offset is added. */
  tsc(): number;
  /** The interrupt controller holds its INTR line to this vCPU up. */
  interruptPending(vcpu: number): boolean;
  /**
   * Whether an x87 exception of that vCPU is pending while CR0.NE is 0 (FERR#). Returns whether it is to be ignored (IGNNE#).
   * Without this method it is.
   */
  floatError?(vcpu: number, pending: boolean): boolean;
  /** An event was delivered, or its delivery has shut that vCPU down. */
  eventDelivered?(vcpu: number): void;
  /** The run is to end at this very boundary. */
  stopsHere?(): boolean;
  /** The interrupt-acknowledge cycle of that vCPU: the vector. */
  acknowledgeInterrupt(vcpu: number): number;
}
