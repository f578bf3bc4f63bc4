// A vCPU in the middle of an instruction, as whoever serves that instruction sees it (firmware, hypercalls): its registers, and
// linear addresses as it would translate them. All of it is the vCPU's state in the linear memory, whichever engine runs.

import { Seg } from '../base/state/vcpu.ts';
import { CR0 } from '../cpu/arch/control-bits.ts';
import type { Cpu } from '../cpu/cpu.ts';
import { Access, FAULT } from '../mmu/vcpu-mmu.ts';

export class CallingVcpu {
  constructor(private readonly cpu: Cpu) {}

  get index(): number {
    return this.cpu.index;
  }

  /** Linear address of the instruction, below 4 GiB. */
  get instruction(): number {
    return (this.segmentBase(Seg.CS) + this.cpu.rip) >>> 0;
  }

  /** The low half of general register `register`, by its number in encodings; unsigned. */
  gpr(register: number): number {
    return this.cpu.gprHalves[2 * register]! >>> 0;
  }

  /** Sets the bits of `mask` in the low half of a general register. */
  setGpr(register: number, value: number, mask: number): void {
    const { gprHalves } = this.cpu;
    gprHalves[2 * register] = (gprHalves[2 * register]! & ~mask) | (value & mask);
  }

  /** RFLAGS, its low 32 bits. */
  get flags(): number {
    return this.cpu.flags.read();
  }
  set flags(value: number) {
    this.cpu.flags.write(value);
  }

  /** Bytes of a stack pointer: 2, 4 or 8. */
  get stackSize(): number {
    return this.cpu.stackSize;
  }

  /** The base of a segment (base/state/vcpu.ts, Seg), its low 32 bits. */
  segmentBase(segment: number): number {
    return Number(this.cpu.state.segBase[segment]! & 0xffffffffn);
  }

  /** Loads a segment register as real-address mode does. */
  loadSegment(segment: number, selector: number): void {
    const { segSelector, segBase } = this.cpu.state;
    segSelector[segment] = selector;
    segBase[segment] = BigInt(selector * 16);
    this.cpu.refresh();
  }

  /**
   * The guest-physical address of `linear`, through the guest's paging and the A20 gate. Sets accessed and dirty bits as an access of
   * `bytes` bytes would that stays in its page. A page fault leaves the instruction, which must have had no effect yet.
   */
  translate(linear: number, access: 'read' | 'write', bytes: number): number {
    const { mmu, dataContext, state } = this.cpu;
    const kind = access === 'write' ? Access.WRITE : Access.READ;
    const paging = (state.cr0[0]! & CR0.PG) !== 0n;
    if (paging && mmu.translate(linear, kind, dataContext, bytes) === FAULT) this.cpu.raisePageFault(mmu.faultLinear, mmu.faultError);
    return mmu.gpaOf(linear, kind, dataContext);
  }
}
