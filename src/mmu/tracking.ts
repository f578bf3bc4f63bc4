// Noticing the first store to a page: the Arming interface over EPT, by write-protection or by PML.
//
// Invariant: while tracking is enabled every leaf is 4 KiB, and a page is armed exactly when its leaf denies W (write-protect)
// or lacks D (PML) and no TLB holds write permission for it.
//
// EPT A/D bits are on only while PML tracking is, so that a machine that does not track takes no extra misses. Translations
// cached before `enable` may be used without ever setting A; nothing here reads A.

import type { Arming } from '../base/arming.ts';
import type { DirtySink } from '../base/dirty-sink.ts';
import { KvmError } from '../base/errors.ts';
import { NO_FAULTS } from '../base/faults.ts';
import type { Faults } from '../base/faults.ts';
import { EPT_D, EPT_SLOT_WRITABLE, EPT_W } from './ept-entry.ts';
import { EptAccess } from './ept-walk.ts';
import type { MmuViews } from './views.ts';

/** What the modelled host hardware offers for tracking; fixed when a machine is created. */
export type TrackingMethod = 'none' | 'write-protect' | 'pml';

/** Who holds the sink of the machine: physical memory on the machine's own thread. */
export interface SinkHolder {
  readonly sink: DirtySink;
}

export class Tracking implements Arming {
  constructor(
    private readonly views: MmuViews,
    readonly method: TrackingMethod,
    private readonly holder: SinkHolder,
    private readonly faults: Faults = NO_FAULTS,
  ) {}

  get enabled(): boolean {
    return this.views.tracking;
  }

  /** As in Arming; nothing changes when it is enabled already. KvmError ENXIO when the host offers no method. */
  enable(): void {
    if (this.method === 'none') throw new KvmError('ENXIO', 'this machine was created without a tracking method');
    const { views } = this;
    if (views.tracking) return;
    if (!this.faults.keepLargePages) views.ept.splitAll();
    views.ept.editWritable(0, this.armedClears);
    for (const tlb of views.tlbs) tlb.writeSlots.dropEverything();
    if (this.method === 'pml') {
      for (const pml of views.pmls) pml.reset();
      views.accessedDirty = true;
    }
    views.tracking = true;
  }

  /** As in Arming. What PML logged and nobody drained is forgotten. Large leaves stay split. */
  disable(): void {
    const { views } = this;
    if (!views.tracking) return;
    views.ept.editWritable(this.armedClears, 0);
    for (const pml of views.pmls) pml.reset();
    views.accessedDirty = false;
    views.tracking = false;
  }

  /** As in Arming. Does nothing while tracking is disabled. */
  rearm(gfns: ArrayLike<number>, count: number): void {
    const { views, armedClears, faults } = this;
    if (!views.tracking) return;
    const { ept } = views;
    for (let i = 0; i < count; i++) {
      const gfn = faults.rearmByLow32Bits ? gfns[i]! & 0xfffff : gfns[i]!;
      const leaf = ept.leaf[gfn];
      if (leaf !== undefined && (leaf & EPT_SLOT_WRITABLE) !== 0) ept.edit(gfn, 0, armedClears);
    }
    if (faults.keepWritePermissionAtRearm) return;
    for (const tlb of faults.keepOtherVcpuTlb ? views.tlbs.slice(0, 1) : views.tlbs) tlb.writeSlots.dropAll(gfns, count);
  }

  /** As in Arming. */
  drain(vcpu: number): void {
    if (this.views.accessedDirty) this.views.pmls[vcpu]!.drain(this.holder.sink);
  }

  /**
   * The handler of EPT violations, as far as they are about tracking: a write to a write-protected page of RAM is reported and
   * permitted. True if the access is to be tried again.
   */
  resolveViolation(vcpu: number, gfn: number, qualification: number): boolean {
    const { ept } = this.views;
    const leaf = ept.leaf[gfn];
    if (leaf === undefined || (qualification & EptAccess.WRITE) === 0) return false;
    if ((leaf & (EPT_SLOT_WRITABLE | EPT_W)) !== EPT_SLOT_WRITABLE) return false;
    this.holder.sink.guestDirty(vcpu, gfn);
    ept.edit(gfn, EPT_W, 0);
    return true;
  }

  /** The leaf bit whose absence makes a page armed. */
  private get armedClears(): number {
    return this.method === 'pml' ? EPT_D : EPT_W;
  }
}
