// A machine's arming without a machine: one byte per page says whether a store to it is noticed. All in the linear memory,
// so that a worker thread can attach to it.

import type { Arming } from '../../src/base/arming.ts';
import type { DirtySink } from '../../src/base/dirty-sink.ts';
import type { LinearMemory } from '../../src/base/linear-memory.ts';
import type { MachineShape, MemoryPlan, RegionRequest } from '../../src/base/state/regions.ts';

export type Method = 'write-protect' | 'pml';

const LOG_ENTRIES = 512;
/** Entries of the log, and how many are in it. */
const LOG_WORDS = LOG_ENTRIES + 1;

export const armingRegions = (shape: MachineShape): RegionRequest[] => [
  { name: 'test-armed', bytes: shape.gfnLimit },
  { name: 'test-backed', bytes: shape.gfnLimit },
  { name: 'test-log', bytes: shape.vcpus * LOG_WORDS * 4 },
];

export class SyntheticArming implements Arming {
  readonly armed: Uint8Array;
  readonly backed: Uint8Array;
  private readonly log: Uint32Array;
  /** How much work was asked for: what the cost laws count. */
  readonly calls = { enable: 0, disable: 0, rearm: 0, rearmedPages: 0, logFull: 0, misses: 0 };

  constructor(
    memory: LinearMemory,
    plan: MemoryPlan,
    shape: MachineShape,
    private readonly sink: DirtySink,
    private readonly method: Method,
  ) {
    this.armed = memory.u8.subarray(plan['test-armed'].offset, plan['test-armed'].offset + shape.gfnLimit);
    this.backed = memory.u8.subarray(plan['test-backed'].offset, plan['test-backed'].offset + shape.gfnLimit);
    this.log = new Uint32Array(memory.memory.buffer as ArrayBuffer, plan['test-log'].offset, shape.vcpus * LOG_WORDS);
  }

  enable(): void {
    this.calls.enable++;
    this.armed.fill(1);
  }

  disable(): void {
    this.calls.disable++;
    this.armed.fill(0);
    this.log.fill(0);
  }

  rearm(gfns: ArrayLike<number>, count: number): void {
    this.calls.rearm++;
    this.calls.rearmedPages += count;
    for (let i = 0; i < count; i++) this.armed[gfns[i]] = 1;
  }

  drain(vcpu: number): void {
    const base = vcpu * LOG_WORDS;
    const entries = this.log.slice(base + 1, base + 1 + this.log[base]);
    this.log[base] = 0;
    for (const gfn of entries) this.sink.guestDirty(vcpu, gfn);
  }

  /** Before a store of `vcpu` to page `gfn`. */
  noticeStore(vcpu: number, gfn: number): void {
    if (this.armed[gfn] === 0) return;
    this.calls.misses++;
    if (this.method === 'write-protect') {
      this.armed[gfn] = 0;
      this.sink.guestDirty(vcpu, gfn);
      return;
    }
    const base = vcpu * LOG_WORDS;
    if (this.log[base] === LOG_ENTRIES) {
      this.calls.logFull++;
      this.drain(vcpu);
    }
    this.armed[gfn] = 0;
    this.log[base + 1 + this.log[base]++] = gfn;
    this.sink.pmlAppended(vcpu, this.log[base]);
  }
}
