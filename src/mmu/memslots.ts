// The list of memslots: which ranges of guest-physical addresses are RAM, and where each lies in the linear memory.

import { KvmError } from '../base/errors.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import { placeSlot } from './ram-allocator.ts';
import type { RangePlaces } from './range-places.ts';

/** What a caller asks for; KVM's kvm_userspace_memory_region without the user address. Addresses and sizes in bytes. */
export interface MemslotRequest {
  /** The slot's number, 0 to 32763. */
  readonly slot: number;
  /** First guest-physical address, on a page boundary. */
  readonly guestPhysAddr: number;
  /** Bytes, whole pages; 0 deletes the slot. */
  readonly memorySize: number;
  /** KVM_MEM_READONLY: reads as memory; what guests write leaves as MMIO. */
  readonly readonly?: boolean;
  /** KVM_MEM_LOG_DIRTY_PAGES: KVM's dirty bitmap or ring covers the slot. */
  readonly logDirty?: boolean;
}

/** A range of guest-physical memory that is there. */
export interface Memslot {
  /** The slot's number. */
  readonly slot: number;
  /** First guest-physical address, on a page boundary. */
  readonly guestPhysAddr: number;
  /** Bytes, whole pages. */
  readonly memorySize: number;
  /** What guests write to it is not memory's. */
  readonly readonly: boolean;
  /** KVM's dirty bitmap or ring covers it. */
  readonly logDirty: boolean;
  /**
   * Byte offset of its RAM in the linear memory.
   * @internal
   */
  readonly hostOffset: number;
}

/** Largest slot number, as KVM_MEM_SLOTS_NUM on x86. */
const MAX_SLOT = 32763;

export class Memslots {
  private slots: readonly Memslot[] = [];

  /** RAM is placed in [ramStart, ramEnd), ramBytes at the most; GPAs end at gfnLimit pages. A slot's pages get their places. */
  constructor(
    private readonly ramStart: number,
    private readonly ramEnd: number,
    private readonly ramBytes: number,
    private readonly gfnLimit: number,
    private readonly ranges: RangePlaces,
  ) {}

  /** All slots, by ascending GPA. */
  get list(): readonly Memslot[] {
    return this.slots;
  }

  /** KvmError EINVAL: misaligned, empty or beyond the limit. EEXIST: slot in use or overlap. ENOMEM: no room in RAM, or too few places. */
  add({ slot, guestPhysAddr, memorySize, readonly = false, logDirty = false }: MemslotRequest): Memslot {
    const where = `memslot ${slot} at GPA 0x${guestPhysAddr.toString(16)}, ${memorySize} bytes`;
    const aligned = (value: number): boolean => Number.isSafeInteger(value) && value >= 0 && value % PAGE_SIZE === 0;
    const invalid = (why: string): KvmError => new KvmError('EINVAL', `${where}: ${why}`);
    if (!Number.isInteger(slot) || slot < 0 || slot > MAX_SLOT) throw invalid(`slot numbers are 0 to ${MAX_SLOT}`);
    if (!aligned(guestPhysAddr) || !aligned(memorySize) || memorySize === 0) throw invalid('not a range of whole pages');
    if ((guestPhysAddr + memorySize) / PAGE_SIZE > this.gfnLimit)
      throw invalid(`guestPhysAddr and memorySize end beyond the limit of ${this.gfnLimit} pages`);
    for (const other of this.slots) {
      if (other.slot === slot) throw new KvmError('EEXIST', `${where}: the slot is in use`);
      if (guestPhysAddr < other.guestPhysAddr + other.memorySize && other.guestPhysAddr < guestPhysAddr + memorySize) {
        throw new KvmError('EEXIST', `${where}: overlaps memslot ${other.slot}`);
      }
    }
    const used = this.slots.reduce((sum, other) => sum + other.memorySize, 0);
    const fits = used + memorySize <= this.ramBytes;
    const hostOffset = fits ? placeSlot(this.ramStart, this.ramEnd, this.slots, guestPhysAddr, memorySize) : -1;
    if (hostOffset < 0) throw new KvmError('ENOMEM', `${where}: no room, ${used} of ${this.ramBytes} bytes are in use`);
    if (!this.ranges.cover(guestPhysAddr / PAGE_SIZE, memorySize / PAGE_SIZE)) {
      throw new KvmError('ENOMEM', `${where}: memslots touch more than ${this.ranges.ranges} ranges of 2 MiB`);
    }
    const added: Memslot = { slot, guestPhysAddr, memorySize, readonly, logDirty, hostOffset };
    this.slots = [...this.slots, added].sort((a, b) => a.guestPhysAddr - b.guestPhysAddr);
    return added;
  }

  /** The slot that differs from `request` in nothing but `logDirty`, if there is one. */
  same({ slot, guestPhysAddr, memorySize, readonly = false }: MemslotRequest): Memslot | undefined {
    return this.slots.find(
      (other) =>
        other.slot === slot && other.guestPhysAddr === guestPhysAddr && other.memorySize === memorySize && other.readonly === readonly,
    );
  }

  /** The same slot with another flag. */
  flag(slot: Memslot, logDirty: boolean): Memslot {
    const flagged = { ...slot, logDirty };
    this.slots = this.slots.map((other) => (other === slot ? flagged : other));
    return flagged;
  }

  /** KvmError EINVAL if there is no such slot. Its pages keep their places. */
  remove(slot: number): Memslot {
    const removed = this.slots.find((other) => other.slot === slot);
    if (!removed) throw new KvmError('EINVAL', `there is no memslot ${slot}`);
    this.slots = this.slots.filter((other) => other !== removed);
    return removed;
  }
}
