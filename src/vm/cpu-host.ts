// The machine as its processors see it: the board's spaces, virtual time, and interrupt pins.

import type { AccessWidth } from '../base/device.ts';
import type { Platform } from '../base/platform.ts';
import type { CpuHost } from '../cpu/host.ts';
import type { VirtualClock } from './clock.ts';

const allOnes = (width: AccessWidth): number => 2 ** (8 * width) - 1;

export class BoardHost implements CpuHost {
  /** Set once the board is built. */
  platform: Platform | null = null;

  constructor(
    private readonly clock: VirtualClock,
    private readonly float: boolean,
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

  acknowledgeInterrupt(vcpu: number): number {
    return this.platform!.acknowledgeInterrupt(vcpu);
  }
}
