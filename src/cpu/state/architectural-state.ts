// The registers: views of the state block. Its table says of each field whether it is saved.

import { Request } from '../../base/request.ts';
import { viewsOf } from '../../base/state/table.ts';
import { VCPU_STATE } from '../../base/state/vcpu.ts';
import type { VcpuState } from '../../base/state/vcpu.ts';
import { IOPL_SHIFT } from '../arch/rflags.ts';
import { FlagsRegister } from './flags-register.ts';
import { Surroundings } from './surroundings.ts';
import { X87 } from './x87-registers.ts';

export abstract class ArchitecturalState extends Surroundings {
  readonly state: VcpuState;
  readonly flags: FlagsRegister;
  readonly x87: X87;
  /** Halves of the general registers: low at 2r, high at 2r + 1. */
  readonly gprHalves: Int32Array;
  /** Halves of the state block's RIP. */
  readonly ripHalves: Int32Array;

  constructor(...surroundings: ConstructorParameters<typeof Surroundings>) {
    super(...surroundings);
    this.state = viewsOf(VCPU_STATE, this.linear, this.blockOffset);
    this.gprHalves = new Int32Array(this.linear.memory.buffer, this.blockOffset + VCPU_STATE.offset.gpr, 32);
    this.ripHalves = new Int32Array(this.linear.memory.buffer, this.blockOffset + VCPU_STATE.offset.rip, 2);
    this.flags = new FlagsRegister(this.state);
    this.x87 = new X87(this.state);
  }

  get iopl(): number {
    return (this.state.rflags[0] >>> IOPL_SHIFT) & 3;
  }

  /** Sets bits of the pending-request word. */
  request(bits: number): void {
    Atomics.or(this.state.request, 0, bits);
  }

  /** Makes the run loop look for events at the next boundary: something changed that they may wait for, such as IF. */
  noteInterruptWindow(): void {
    this.request(Request.EVENT);
  }
}
