// The machine as its processors see it: the board's spaces, virtual time, and interrupt pins.

import type { AccessWidth } from '../base/device.ts';
import type { Platform } from '../base/platform.ts';
import type { Trace } from '../base/trace.ts';
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
    private readonly trace: Trace,
  ) {}

  readPort(port: number, width: AccessWidth, vcpu: number): number | null {
    const answer = this.platform?.ports.read(port, width, vcpu) ?? null;
    const value = answer ?? (this.float ? allOnes(width) : null);
    if (value !== null) this.trace.on?.('io', { vcpu, direction: 'read', port, width, value, claimed: answer !== null });
    return value;
  }

  writePort(port: number, width: AccessWidth, value: number, vcpu: number): boolean {
    const claimed = this.platform?.ports.write(port, width, value, vcpu) ?? false;
    if (claimed || this.float) this.trace.on?.('io', { vcpu, direction: 'write', port, width, value, claimed });
    return claimed || this.float;
  }

  readMmio(gpa: number, width: AccessWidth, vcpu: number): number | null {
    const answer = this.platform?.mmio.read(gpa, width, vcpu) ?? null;
    const value = answer ?? (this.float ? allOnes(width) : null);
    if (value !== null) this.trace.on?.('mmio', { vcpu, direction: 'read', gpa, width, value, claimed: answer !== null });
    return value;
  }

  writeMmio(gpa: number, width: AccessWidth, value: number, vcpu: number): boolean {
    const claimed = this.platform?.mmio.write(gpa, width, value, vcpu) ?? false;
    if (claimed || this.float) this.trace.on?.('mmio', { vcpu, direction: 'write', gpa, width, value, claimed });
    return claimed || this.float;
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
