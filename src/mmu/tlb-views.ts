// Typed views of one vCPU's TLB. Tags are seen as 32-bit halves: low at 2i, high (signed, as unsigned) at 2i + 1.

import type { LinearMemory } from '../base/linear-memory.ts';
import type { MemoryPlan } from '../base/state/regions.ts';
import { TLB_ENTRIES, TLB_LAYOUT, TLB_SET_WORDS } from './tlb-layout.ts';

export class TlbViews {
  readonly readTag32: Uint32Array;
  readonly writeTag32: Uint32Array;
  readonly execTag32: Uint32Array;
  readonly pageTag32: Uint32Array;
  readonly host: Uint32Array;
  readonly gfn: Uint32Array;
  readonly info: Uint32Array;
  readonly occupied: Uint32Array;
  readonly large: Uint32Array;
  /** Byte offset of this TLB in the linear memory; add TLB_LAYOUT.offset for a field. */
  readonly base: number;

  constructor(memory: LinearMemory, plan: MemoryPlan, vcpu: number) {
    this.base = plan.tlb!.offset + vcpu * TLB_LAYOUT.size;
    const words = (name: keyof typeof TLB_LAYOUT.offset, count: number): Uint32Array =>
      new Uint32Array(memory.memory.buffer, this.base + TLB_LAYOUT.offset[name], count);
    this.readTag32 = words('readTag', 2 * TLB_ENTRIES);
    this.writeTag32 = words('writeTag', 2 * TLB_ENTRIES);
    this.execTag32 = words('execTag', 2 * TLB_ENTRIES);
    this.pageTag32 = words('pageTag', 2 * TLB_ENTRIES);
    this.host = words('host', TLB_ENTRIES);
    this.gfn = words('gfn', TLB_ENTRIES);
    this.info = words('info', TLB_ENTRIES);
    this.occupied = words('occupied', TLB_SET_WORDS);
    this.large = words('large', TLB_SET_WORDS);
  }
}
