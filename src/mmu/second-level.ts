// The second level of translation for one vCPU: guest frame number to host offset, with the exits on the way and their handlers.
// An exit here is internal: the access is tried again, and neither the guest nor its time sees anything.

import { InternalError } from '../base/errors.ts';
import type { Trace } from '../base/trace.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import { AccessSource, NOT_BACKED } from './access.ts';
import type { DirtyHub } from './dirty-hub.ts';
import type { Ept } from './ept.ts';
import { EPT_ADDRESS, EPT_D, EPT_LEAF, EPT_R, EPT_RWX, EPT_SLOT_WRITABLE, EPT_W } from './ept-entry.ts';
import { EptAccess, EptOrigin, EptOutcome, EptResult, eptAccess, leafNeed, structureNeed } from './ept-walk.ts';
import type { PhysicalMemory } from './physical-memory.ts';
import type { Pml } from './pml.ts';
import type { MmuViews } from './views.ts';

/** What the MMU of one vCPU counted since the machine was built. */
export interface MmuCounters {
  /** Translations that no TLB entry permitted. */
  tlbMisses: number;
  /** Those among them for a write. */
  writeMisses: number;
  /** Walks of the guest's page tables. */
  guestWalks: number;
  /** EPT violations, those of accesses to devices included. */
  eptViolations: number;
  /** PML-full exits. */
  pmlFull: number;
}

export const newCounters = (): MmuCounters => ({ tlbMisses: 0, writeMisses: 0, guestWalks: 0, eptViolations: 0, pmlFull: 0 });

/** Over several vCPUs. */
export function sumOfCounters(vcpus: readonly { readonly mmu: { readonly counters: MmuCounters } }[]): MmuCounters {
  const sum = newCounters();
  for (let n = 0; n < vcpus.length; n++) {
    const { counters } = vcpus[n]!.mmu;
    sum.tlbMisses += counters.tlbMisses;
    sum.writeMisses += counters.writeMisses;
    sum.guestWalks += counters.guestWalks;
    sum.eptViolations += counters.eptViolations;
    sum.pmlFull += counters.pmlFull;
  }
  return sum;
}

export class SecondLevel {
  readonly counters = newCounters();
  private readonly views: MmuViews;
  private readonly ept: Ept;
  private readonly pml: Pml;
  private readonly result = new EptResult();
  /** Rights a cached leaf must have for a paging-structure access without a walk; see `begin`. */
  private structureNeed = EPT_R;
  private ad = false;

  constructor(
    private readonly physical: PhysicalMemory,
    private readonly hub: DirtyHub,
    private readonly vcpu: number,
    private readonly trace: Trace,
  ) {
    this.views = physical.views;
    this.ept = physical.views.ept;
    this.pml = physical.views.pmls[vcpu]!;
  }

  /** Before the accesses of one translation: tracking may have been switched since the last. */
  begin(): void {
    const ad = this.views.accessedDirty;
    this.ad = ad;
    this.structureNeed = structureNeed(ad);
  }

  /** Instead of `begin`: until the next `begin`, reading paging structures sets no flag and takes no exit. */
  beginQuery(): void {
    this.ad = false;
    this.structureNeed = EPT_R;
  }

  /** The page that an access to page `gfn` reaches: another one only while the A20 gate is closed. */
  reached(gfn: number): number {
    return gfn & this.views.frameMask;
  }

  /** Host offset of page `frame` for reading a paging-structure entry of a linear-address translation; -1 when not RAM. */
  structurePage(frame: number): number {
    const gfn = this.reached(frame);
    const leaf = this.ept.leafOf(gfn);
    const need = this.structureNeed;
    return (leaf & need) === need ? (leaf & EPT_ADDRESS) >>> 0 : this.structureSlow(gfn);
  }

  /** Host offset of page `frame` for setting A or D in the low half of the entry at byte `at`; -1 when the guest cannot write it. */
  structureWrite(frame: number, at: number): number {
    const gfn = this.reached(frame);
    const need = leafNeed(EptAccess.WRITE, this.ad);
    const leaf = this.ept.leafOf(gfn);
    if ((leaf & need) !== need && this.walk(gfn, EptAccess.WRITE, EptOrigin.PAGING_STRUCTURE) < 0) return NOT_BACKED;
    return this.physical.open(gfn, AccessSource.WALK, at, 4);
  }

  /** Host offset of page `frame` for loading PDPTEs: a plain read even with A/D bits on; -1 when not RAM. */
  pdptePage(frame: number): number {
    this.begin();
    return this.walk(this.reached(frame), EptAccess.READ, EptOrigin.PDPTE_LOAD);
  }

  /** Host offset of the final page `gfn` (as `reached` gives it) of an access (EptAccess bits); -1 when it is no RAM, or not writable. */
  finalPage(gfn: number, access: number): number {
    const need = leafNeed(access, this.ad);
    const leaf = this.ept.leafOf(gfn);
    if ((leaf & need) === need) return (leaf & EPT_ADDRESS) >>> 0;
    return this.isNoticed(leaf, need) ? this.notice(gfn, leaf) : this.walk(gfn, access, EptOrigin.FINAL_PAGE);
  }

  /** Whether a leaf of 4 KiB lacks nothing that an access needs but what armed pages lack, and no exit is in the way. */
  private isNoticed(leaf: number, need: number): boolean {
    if ((need & EPT_W) === 0 || (leaf & EPT_LEAF) !== 0) return false;
    const lacking = need & ~leaf;
    return this.ad ? lacking === EPT_D && !this.pml.isFull() : lacking === EPT_W && (leaf & EPT_SLOT_WRITABLE) !== 0;
  }

  /** The first store to an armed page, as `walk` does it, without a walk: the flat cache knows what it would find. */
  private notice(gfn: number, leaf: number): number {
    if (this.ad) {
      this.ept.edit(gfn, EPT_D, 0);
      this.pml.append(gfn);
      this.hub.pmlAppended(this.vcpu, this.pml.unflushed);
    } else if (!this.violation(gfn, EptAccess.WRITE | ((leaf & EPT_RWX) << 3) | EptOrigin.FINAL_PAGE)) return NOT_BACKED;
    return (leaf & EPT_ADDRESS) >>> 0;
  }

  /** An EPT violation and its handler. True if the access is to be tried again. */
  private violation(gfn: number, qualification: number): boolean {
    this.counters.eptViolations++;
    this.trace.on?.('ept-violation', { vcpu: this.vcpu, gpa: gfn * PAGE_SIZE, qualification });
    this.hub.drain(this.vcpu);
    return this.hub.resolveViolation(this.vcpu, gfn, qualification);
  }

  /** Whether EPT would let a store to page `gfn` pass without an exit and without setting a flag. */
  isWriteFree(gfn: number): boolean {
    const need = leafNeed(EptAccess.WRITE, this.ad);
    return (this.ept.leafOf(gfn) & need) === need;
  }

  private structureSlow(gfn: number): number {
    if (!this.ad) return NOT_BACKED; // every mapped page is readable: there is none
    const host = this.walk(gfn, EptAccess.READ, EptOrigin.PAGING_STRUCTURE);
    if (host >= 0) return host;
    // With A/D bits on, reading a table in a read-only slot takes a violation, as writing it would. The handler reads for the
    // guest, so that the guest sees the same with and without tracking.
    const leaf = this.ept.leafOf(gfn);
    return (leaf & (EPT_R | EPT_SLOT_WRITABLE)) === EPT_R ? (leaf & EPT_ADDRESS) >>> 0 : NOT_BACKED;
  }

  /** One guest-physical access by the real tables; handles its exits. Host offset of the page, or -1 when no handler helps. */
  private walk(gfn: number, access: number, origin: number): number {
    const { views, result } = this;
    const gpa = gfn * PAGE_SIZE;
    for (;;) {
      switch (eptAccess(views.memory.u32, views.eptp, gpa, access, origin, this.ad ? this.pml : null, result)) {
        case EptOutcome.OK:
          this.ept.cache(gfn, result.leaf);
          if (result.logged) this.hub.pmlAppended(this.vcpu, this.pml.unflushed);
          return result.host;
        case EptOutcome.PML_FULL:
          this.counters.pmlFull++;
          this.trace.on?.('pml-full', { vcpu: this.vcpu });
          this.hub.drain(this.vcpu);
          break;
        case EptOutcome.VIOLATION:
          if (!this.violation(gfn, result.qualification)) return NOT_BACKED;
          break;
        default:
          throw new InternalError(`EPT misconfiguration at GPA 0x${gpa.toString(16)}`);
      }
    }
  }
}
