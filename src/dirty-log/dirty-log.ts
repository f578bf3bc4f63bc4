// KVM's own two dirty-page interfaces, the bitmap and the ring. Together they are one consumer of the hub, beside memory tracking:
// what they arm and hear is theirs alone.

import { requireCount } from '../base/arguments.ts';
import type { RangeArming } from '../base/arming.ts';
import type { DirtySink } from '../base/dirty-sink.ts';
import { KvmError } from '../base/errors.ts';
import type { MachineLock } from '../base/machine-lock.ts';
import type { MemslotPages, SlotListener } from '../base/slot-listener.ts';
import { KvmDirtyGfn, USER_MEM_SLOTS } from './abi.ts';
import { DirtyBitmap } from './bitmap.ts';
import { Capabilities } from './capabilities.ts';
import { LoggedSlots } from './logged-slots.ts';
import type { LoggedSlot } from './logged-slots.ts';
import { DirtyRing } from './ring.ts';

export interface DirtyLogOptions {
  readonly vcpus: number;
  readonly lock: MachineLock;
  readonly arming: RangeArming;
  /** The machine has a tracking method. */
  readonly supported: boolean;
  /** Pages that a vCPU's hardware may have logged and not yet reported. */
  readonly hardwareLog: number;
  /** Other threads may harvest: rings are shared memory. */
  readonly shared: boolean;
  /** A ring is full, or will be once what the hardware logged is in it: every vCPU is to leave and ask `pendingExit`. */
  readonly onRingFull: () => void;
}

/** KVM_EXIT_DIRTY_RING_FULL: the ring of vCPU `vcpu` is full up to what is reserved. */
export interface DirtyRingExit {
  readonly kind: 'dirty-ring-full';
  readonly vcpu: number;
}

/** KVM's dirty bitmap and dirty ring of one machine, `vm.dirtyLog`. docs/dirty-log.md tells the calls. */
export class DirtyLog implements DirtySink, SlotListener {
  private readonly capabilities: Capabilities;
  private readonly slots = new LoggedSlots();
  private rings: readonly DirtyRing[] = [];

  /** @internal */
  constructor(private readonly options: DirtyLogOptions) {
    this.capabilities = new Capabilities(options.supported, options.hardwareLog, () => this.slots.size > 0);
  }

  // The calls.

  /** KVM_CHECK_EXTENSION for a KvmCap: 0 for what is not there. */
  checkExtension(cap: number): number {
    return this.capabilities.check(cap);
  }

  /** KVM_ENABLE_CAP: ManualProtect's bits, or bytes of a ring. EINVAL, E2BIG as `Capabilities.enable` says. */
  enableCap(cap: number, argument = 0, flags = 0): void {
    this.options.lock.with(() => {
      const { capabilities, options } = this;
      capabilities.enable(cap, argument, flags);
      if (capabilities.ringBytes === 0 || this.rings.length > 0) return;
      const entries = capabilities.ringBytes / KvmDirtyGfn.size;
      this.rings = Array.from({ length: options.vcpus }, () => new DirtyRing(entries, entries - capabilities.reserved, options.shared));
    });
  }

  /**
   * KVM_GET_DIRTY_LOG: copies the slot's bitmap to `bitmap` and, unless protection is manual, clears it and arms its pages.
   * ENXIO: the rings are used, without bitmaps. EINVAL: no slot number. ENOENT: the slot is not logged. EFAULT: `bitmap` is no
   * BigUint64Array of a bit for each page. Fails before anything is taken.
   */
  getDirtyLog(slot: number, bitmap: BigUint64Array): void {
    this.options.lock.with(() => {
      const logged = this.bitmapSlot(slot);
      requireLongs(bitmap, DirtyBitmap.longs(logged.count));
      this.drain();
      logged.bitmap.copyTo(bitmap);
      if (!this.capabilities.manualProtect) this.arm(logged, logged.bitmap.takeAll());
    });
  }

  /**
   * KVM_CLEAR_DIRTY_LOG: clears the bits named by `bitmap`, whose first bit is page `firstPage`, and arms the pages whose bits were
   * set. Errors as `getDirtyLog`. EINVAL also: `firstPage` is no multiple of 64; `numPages` goes beyond the slot's end, or ends before
   * it and is no multiple of 64.
   */
  clearDirtyLog(slot: number, firstPage: number, numPages: number, bitmap: BigUint64Array): void {
    this.options.lock.with(() => {
      this.requireBitmaps();
      requireSlotNumber(slot);
      if (!isCount(firstPage) || firstPage % 64 !== 0) throw new KvmError('EINVAL', `first page ${firstPage} is no multiple of 64`);
      const logged = this.bitmapSlot(slot);
      const rest = logged.count - firstPage;
      if (!isCount(numPages) || rest < 0 || numPages > rest || (numPages < rest && numPages % 64 !== 0)) {
        throw new KvmError('EINVAL', `pages ${firstPage} to ${firstPage + numPages} of a slot of ${logged.count}`);
      }
      requireLongs(bitmap, DirtyBitmap.longs(numPages));
      this.drain();
      this.arm(logged, logged.bitmap.take(firstPage, numPages, bitmap));
    });
  }

  /** The memory of vCPU `vcpu`'s ring, as KVM maps it: entries of 16 bytes. EINVAL without rings. */
  ring(vcpu: number): ArrayBufferLike {
    requireCount('vcpu', vcpu);
    const ring = this.rings[vcpu];
    if (!ring) throw new KvmError('EINVAL', `vcpu ${vcpu} has no dirty ring`);
    return ring.memory;
  }

  /** KVM_RESET_DIRTY_RINGS: frees the harvested entries of all rings, arms their pages, returns how many. EINVAL without rings. */
  resetDirtyRings(): number {
    return this.options.lock.with(() => {
      if (this.rings.length === 0) throw new KvmError('EINVAL', 'there are no dirty rings');
      const gfns: number[] = [];
      let count = 0;
      for (const ring of this.rings) {
        count += ring.reset(({ slot, offset }) => {
          const logged = this.slots.byNumber(slot);
          if (logged && offset < logged.count) gfns.push(logged.gfn + offset);
        });
      }
      this.options.arming.rearm(gfns, gfns.length);
      return count;
    });
  }

  // What the machine calls.

  /**
   * Before a slot is given KVM_MEM_LOG_DIRTY_PAGES. ENXIO: the machine has no tracking method.
   * @internal
   */
  requireSupported(): void {
    if (!this.options.supported) throw new KvmError('ENXIO', 'this machine was created without a tracking method');
  }

  /**
   * The exit that is to be taken now, or null: ask at each entry, and at each exit once the hardware's log is drained.
   * @internal
   */
  pendingExit(): DirtyRingExit | null {
    const vcpu = this.rings.findIndex(({ softFull }) => softFull);
    return vcpu < 0 ? null : { kind: 'dirty-ring-full', vcpu };
  }

  /** @internal */
  guestDirty(vcpu: number, gfn: number): void {
    const slot = this.slots.holding(gfn);
    if (!slot) return;
    const ring = this.rings[vcpu];
    if (!ring) return slot.bitmap?.set(gfn - slot.gfn);
    ring.push(slot.slot, gfn - slot.gfn);
    if (ring.softFull) this.options.onRingFull();
  }

  /**
   * Goes to the bitmap alone: rings have entries of vCPUs only.
   * @internal
   */
  hostDirty(gfn: number): void {
    const slot = this.slots.holding(gfn);
    slot?.bitmap?.set(gfn - slot.gfn);
  }

  /** @internal */
  pmlAppended(vcpu: number, unflushed: number): void {
    const ring = this.rings[vcpu];
    if (ring && ring.used + unflushed >= ring.softLimit) this.options.onRingFull();
  }

  /** @internal */
  onSlotAdded(slot: MemslotPages): void {
    if (slot.logDirty) this.startLogging(slot);
  }

  /** @internal */
  onSlotFlagged(slot: MemslotPages): void {
    if (slot.logDirty) return this.startLogging(slot);
    this.options.arming.disarmRange(slot.gfn, slot.count);
    this.stopLogging(slot);
  }

  /** @internal */
  onSlotDeleted(slot: MemslotPages): void {
    this.stopLogging(slot);
  }

  private startLogging(slot: MemslotPages): void {
    const { capabilities } = this;
    const { arming } = this.options;
    arming.start();
    const bitmap = capabilities.ringBytes === 0 || capabilities.ringWithBitmap ? new DirtyBitmap(slot.count) : null;
    this.slots.add({ ...slot, bitmap });
    if (bitmap && capabilities.initiallySet) bitmap.setAll();
    else arming.armRange(slot.gfn, slot.count);
  }

  private stopLogging({ slot }: MemslotPages): void {
    if (this.slots.remove(slot) && this.slots.size === 0) this.options.arming.disable();
  }

  private bitmapSlot(slot: number): LoggedSlot & { readonly bitmap: DirtyBitmap } {
    this.requireBitmaps();
    requireSlotNumber(slot);
    const logged = this.slots.byNumber(slot);
    if (!logged?.bitmap) throw new KvmError('ENOENT', `memslot ${slot} is not logged`);
    return { ...logged, bitmap: logged.bitmap };
  }

  private requireBitmaps(): void {
    const { ringBytes, ringWithBitmap } = this.capabilities;
    if (ringBytes !== 0 && !ringWithBitmap) throw new KvmError('ENXIO', 'the dirty rings are used, without bitmaps');
  }

  private drain(): void {
    for (let vcpu = 0; vcpu < this.options.vcpus; vcpu++) this.options.arming.drain(vcpu);
  }

  private arm({ gfn }: MemslotPages, pages: readonly number[]): void {
    const gfns = pages.map((page) => gfn + page);
    this.options.arming.rearm(gfns, gfns.length);
  }
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

function requireSlotNumber(slot: number): void {
  if (!isCount(slot) || slot >= USER_MEM_SLOTS) throw new KvmError('EINVAL', `slot numbers are 0 to ${USER_MEM_SLOTS - 1}`);
}

function requireLongs(bitmap: BigUint64Array | null, longs: number): void {
  if (!(bitmap instanceof BigUint64Array) || bitmap.length < longs) {
    throw new KvmError('EFAULT', `a bitmap needs a BigUint64Array of ${longs} words`);
  }
}
