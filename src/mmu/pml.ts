// Page-modification logging of one vCPU (SDM vol. 3, "Page-Modification Logging"): a page of 512 entries and the PML index,
// both in the linear memory. The log fills from entry 511 downward; below entry 0 the index wraps to 0xFFFF, which makes the
// buffer full for the next access that has to set an A or D flag.

import type { DirtySink } from '../base/dirty-sink.ts';
import type { LinearMemory } from '../base/linear-memory.ts';
import type { MemoryPlan } from '../base/state/regions.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import { VCPU_STATE } from '../base/state/vcpu.ts';

export const PML_ENTRIES = 512;
const PML_TOP = PML_ENTRIES - 1;

export class Pml {
  private readonly index: Uint32Array;
  private readonly log: Uint32Array;
  /** The most entries that a drain by this thread found since `takeFullest`. */
  private fullest = 0;

  constructor(
    memory: LinearMemory,
    plan: MemoryPlan,
    private readonly vcpu: number,
  ) {
    const { buffer } = memory.memory;
    this.index = new Uint32Array(buffer, plan.vcpu!.offset + vcpu * VCPU_STATE.size + VCPU_STATE.offset.pmlIndex, 1);
    this.log = new Uint32Array(buffer, plan.pml!.offset + vcpu * PAGE_SIZE, PML_ENTRIES * 2);
  }

  /** Whether an access that has to set a flag takes the PML-full exit instead. */
  isFull(): boolean {
    return this.index[0]! > PML_TOP;
  }

  /** Logs the page `gfn`; the buffer is not full. */
  append(gfn: number): void {
    const at = this.index[0]!;
    this.log[2 * at] = gfn << 12;
    this.log[2 * at + 1] = gfn >>> 20;
    this.index[0] = (at - 1) & 0xffff;
  }

  /** Entries logged since the last drain. */
  get unflushed(): number {
    return (PML_TOP - this.index[0]!) & 0xffff;
  }

  /** Hands every entry to `sink`, first written first, and empties the buffer. */
  drain(sink: DirtySink): void {
    const { unflushed } = this;
    if (unflushed > this.fullest) this.fullest = unflushed;
    const end = PML_TOP - unflushed;
    for (let at = PML_TOP; at > end; at--) {
      sink.guestDirty(this.vcpu, (this.log[2 * at]! >>> 12) + this.log[2 * at + 1]! * 0x100000);
    }
    this.reset();
  }

  /** How many entries the log had at its fullest, by the drains since the last call. What it holds now counts with its drain. */
  takeFullest(): number {
    const { fullest } = this;
    this.fullest = 0;
    return fullest;
  }

  reset(): void {
    this.index[0] = PML_TOP;
  }
}
