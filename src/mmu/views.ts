// Everything of the MMU that lives in the linear memory, as views. Two threads that build it from the same memory, plan and
// shape see the same MMU; building it changes nothing.

import type { LinearMemory } from '../base/linear-memory.ts';
import { PagePlaces, placesOf, ramPagesOf } from '../base/page-places.ts';
import { PAGE_SHIFT } from '../base/paging-units.ts';
import type { MachineShape, MemoryPlan } from '../base/state/regions.ts';
import { Ept } from './ept.ts';
import { EPTP_AD_ENABLE, makeEptp } from './ept-entry.ts';
import { MMU_STATE } from './mmu-state.ts';
import { Pml } from './pml.ts';
import { Tlb } from './tlb.ts';

/** Bit 20 of a guest-physical address, in its frame number. */
const A20_FRAME = 1 << (20 - PAGE_SHIFT);

export class MmuViews {
  readonly places: PagePlaces;
  readonly ept: Ept;
  /** By vCPU. */
  readonly tlbs: readonly Tlb[];
  /** By vCPU. */
  readonly pmls: readonly Pml[];
  /** By place of the page: bit c, consumer c of the hub has armed the page (dirty-hub.ts). */
  readonly armed: Uint8Array;
  /** What other threads drained for consumers that are not theirs: two words an entry. */
  readonly owed: Uint32Array;
  private readonly eptpWords: Uint32Array;
  private readonly consumersWord: Uint32Array;
  private readonly owedLengthWord: Uint32Array;
  private readonly frameMaskWord: Uint32Array;

  constructor(
    readonly memory: LinearMemory,
    readonly plan: MemoryPlan,
    readonly shape: MachineShape,
  ) {
    const { buffer } = memory.memory;
    const vcpus = Array.from({ length: shape.vcpus }, (_, vcpu) => vcpu);
    this.places = new PagePlaces(memory, plan, shape);
    this.ept = new Ept(memory, plan, shape, this.places);
    this.tlbs = vcpus.map((vcpu) => new Tlb(memory, plan, vcpu, this.ept));
    this.pmls = vcpus.map((vcpu) => new Pml(memory, plan, vcpu));
    this.armed = new Uint8Array(buffer, plan.armed!.offset, placesOf(shape));
    this.owed = new Uint32Array(buffer, plan.owed!.offset, 2 * ramPagesOf(shape));
    this.eptpWords = new Uint32Array(buffer, plan.mmu!.offset + MMU_STATE.offset.eptp, 2);
    this.consumersWord = new Uint32Array(buffer, plan.mmu!.offset + MMU_STATE.offset.consumers, 1);
    this.owedLengthWord = new Uint32Array(buffer, plan.mmu!.offset + MMU_STATE.offset.owedLength, 1);
    this.frameMaskWord = new Uint32Array(buffer, plan.mmu!.offset + MMU_STATE.offset.frameMask, 1);
  }

  /** Once per machine, on a memory that is still zero: no translation cached, nothing logged, nothing mapped. */
  initialize(): void {
    for (const tlb of this.tlbs) tlb.reset();
    for (const pml of this.pmls) pml.reset();
    this.eptpWords[0] = makeEptp(this.ept.root);
    this.a20 = true;
  }

  /** The EPTP; below 2^32, since the tables are in the linear memory. */
  get eptp(): number {
    return this.eptpWords[0]!;
  }

  /** Whether EPT A/D bits are enabled. */
  get accessedDirty(): boolean {
    return (this.eptpWords[0]! & EPTP_AD_ENABLE) !== 0;
  }

  set accessedDirty(on: boolean) {
    this.eptpWords[0] = on ? this.eptpWords[0]! | EPTP_AD_ENABLE : this.eptpWords[0]! & ~EPTP_AD_ENABLE;
  }

  /** What of a frame number leaves the processor (see `a20`), as a mask. */
  get frameMask(): number {
    return this.frameMaskWord[0]!;
  }

  /** Whether the A20 gate is open. While it is closed bit 20 of every guest-physical address that the processor forms is 0. */
  get a20(): boolean {
    return (this.frameMaskWord[0]! & A20_FRAME) !== 0;
  }

  set a20(open: boolean) {
    this.frameMaskWord[0] = open ? ~0 : ~A20_FRAME;
  }

  /** Bit c: consumer c of the hub has started. */
  get consumers(): number {
    return this.consumersWord[0]!;
  }

  set consumers(bits: number) {
    this.consumersWord[0] = bits;
  }

  /** Whether tracking is on, by whichever method: some consumer has started. */
  get tracking(): boolean {
    return this.consumersWord[0] !== 0;
  }

  /** Entries of `owed`. */
  get owedLength(): number {
    return this.owedLengthWord[0]!;
  }

  set owedLength(length: number) {
    this.owedLengthWord[0] = length;
  }
}
