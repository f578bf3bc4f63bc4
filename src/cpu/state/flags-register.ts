import type { VcpuState } from '../../base/state/vcpu.ts';
import { STATUS_FLAGS } from '../arch/rflags.ts';
import { split, statusFlags } from '../flags.ts';

/** A vCPU's whole RFLAGS register over its state. */
export class FlagsRegister {
  private readonly result: Int32Array;

  constructor(private readonly state: VcpuState) {
    this.result = new Int32Array(state.flagResult.buffer, state.flagResult.byteOffset, 2);
  }

  read(): number {
    return this.state.rflags[0] | statusFlags(this.result[0], this.result[1], this.state.flagAux[0] | 0);
  }

  /** Stores all of RFLAGS; bit 1 is set and bits 3, 5, 15 and 31:22 are cleared. The caller decides which bits may change. */
  write(flags: number): void {
    const { result, aux } = split(flags);
    this.result[0] = result;
    this.result[1] = 0;
    this.state.flagAux[0] = aux;
    this.state.rflags[0] = (flags & 0x3f7fd5 & ~STATUS_FLAGS) | 2;
  }
}
