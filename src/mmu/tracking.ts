// How EPT notices the first store to a page: what the modelled hardware does for all consumers together. The hub knows for whom a
// page is armed.
//
// Invariant: while tracking is on every leaf is 4 KiB, and a page is armed exactly when its leaf denies W (write-protect) or
// lacks D (PML) and no TLB holds write permission for it.
//
// EPT A/D bits are on only while PML tracking is, so that a machine that does not track takes no extra misses. Translations
// cached before `switchOn` may be used without ever setting A; nothing here reads A.

import { EPT_D, EPT_SLOT_WRITABLE, EPT_W } from './ept-entry.ts';
import { EptAccess } from './ept-walk.ts';
import type { MmuViews } from './views.ts';

/** What the modelled host hardware offers for tracking; fixed when a machine is created. */
export type TrackingMethod = 'none' | 'write-protect' | 'pml';

export class Tracking {
  /** The leaf bit whose absence makes a page armed. */
  private readonly bit: number;

  constructor(
    private readonly views: MmuViews,
    readonly method: TrackingMethod,
  ) {
    this.bit = method === 'pml' ? EPT_D : EPT_W;
  }

  /** Splits large leaves; no page is armed yet. O(mapped pages). */
  switchOn(): void {
    const { views } = this;
    views.ept.splitAll();
    if (this.method !== 'pml') return;
    views.ept.editWritable(EPT_D, 0);
    this.dropAllWrites();
    for (const pml of views.pmls) pml.reset();
    views.accessedDirty = true;
  }

  /** No page is armed any more; what PML logged and nobody drained is forgotten. Large leaves stay split. O(mapped pages). */
  switchOff(): void {
    const { views } = this;
    views.ept.editWritable(this.bit, 0);
    for (const pml of views.pmls) pml.reset();
    views.accessedDirty = false;
  }

  /** Arms every page that the guest may write. O(mapped pages). */
  armAll(): void {
    this.views.ept.editWritable(0, this.bit);
    this.dropAllWrites();
  }

  /** Whether page `gfn`, at `place`, is one that the guest may write, so that there is something to arm. */
  isArmable(gfn: number, place = this.views.places.of(gfn)): boolean {
    return (this.views.ept.leafAt(place) & EPT_SLOT_WRITABLE) !== 0;
  }

  /** Arms page `gfn`, an armable one, at `place`; `dropWrites` must follow. */
  arm(gfn: number, place = this.views.places.of(gfn)): void {
    this.views.ept.edit(gfn, 0, this.bit, place);
  }

  /** The reverse: page `gfn`, an armable one, is not noticed any more. */
  disarm(gfn: number): void {
    this.views.ept.edit(gfn, this.bit, 0);
  }

  /** Takes write permission of the pages gfns[0 … count-1] out of every TLB. O(count). */
  dropWrites(gfns: ArrayLike<number>, count: number): void {
    for (const tlb of this.views.tlbs) tlb.writeSlots.dropAll(gfns, count);
  }

  /** Whether an EPT violation with this exit qualification is a write to a page that is armed by write-protection. */
  isArmedWrite(gfn: number, qualification: number): boolean {
    if ((qualification & EptAccess.WRITE) === 0) return false;
    return (this.views.ept.leafOf(gfn) & (EPT_SLOT_WRITABLE | EPT_W)) === EPT_SLOT_WRITABLE;
  }

  private dropAllWrites(): void {
    for (const tlb of this.views.tlbs) tlb.writeSlots.dropEverything();
  }
}
