// The machine as its processors see it: the board's spaces, virtual time, and interrupt pins.

import type { AccessWidth } from '../base/device.ts';
import type { Platform } from '../base/platform.ts';
import type { CpuHost } from '../cpu/host.ts';
import { Request } from '../base/request.ts';
import type { VirtualClock } from './clock.ts';
import type { Position } from './journal.ts';

const allOnes = (width: AccessWidth): number => 2 ** (8 * width) - 1;

export class BoardHost implements CpuHost {
  /** Set once the board is built. */
  platform: Platform | null = null;
  /** Where the slice that runs is to stop. Null for nowhere, or if an access that leaves the machine is to stop it. */
  stopAt: Position | null = null;

  constructor(
    private readonly clock: VirtualClock,
    private readonly float: boolean,
    private readonly request: (vcpu: number, bits: number) => void,
  ) {}

  readPort(port: number, width: AccessWidth, vcpu: number): number | null {
    return this.platform?.ports.read(port, width, vcpu) ?? (this.float ? allOnes(width) : null);
  }

  writePort(port: number, width: AccessWidth, value: number, vcpu: number): boolean {
    return (this.platform?.ports.write(port, width, value, vcpu) ?? false) || this.float;
  }

  readMmio(gpa: number, width: AccessWidth, vcpu: number): number | null {
    return this.platform?.mmio.read(gpa, width, vcpu) ?? (this.float ? allOnes(width) : null);
  }

  writeMmio(gpa: number, width: AccessWidth, value: number, vcpu: number): boolean {
    return (this.platform?.mmio.write(gpa, width, value, vcpu) ?? false) || this.float;
  }

  tsc(): number {
    return this.clock.now();
  }

  interruptPending(vcpu: number): boolean {
    return this.platform !== null && this.platform.interruptPending(vcpu);
  }

  floatError(vcpu: number, pending: boolean): boolean {
    return this.platform?.floatError?.(vcpu, pending) ?? true;
  }

  eventDelivered(vcpu: number): void {
    this.clock.events++;
    if (this.stopAt !== null && this.stopsHere()) this.request(vcpu, Request.DEADLINE);
  }

  stopsHere(): boolean {
    const { stopAt, clock } = this;
    return stopAt !== null && clock.now() === stopAt.ticks && clock.events >= stopAt.events;
  }

  acknowledgeInterrupt(vcpu: number): number {
    return this.platform!.acknowledgeInterrupt(vcpu);
  }
}
