// The guest-physical address space: memslots, and the one write door.
//
// Every writer of guest memory (guest stores, A/D updates of the page walk, device DMA, loaders, debuggers, the API) asks `open` for
// the bytes it writes to, and holds the offset only for that access. A guest store that hits the write TLB need not ask: its page
// went through the door before and has needed no bookkeeping since. In a page with code this holds for stores beside the code.

import { NO_SINK } from '../base/dirty-sink.ts';
import type { DirtySink } from '../base/dirty-sink.ts';
import { KvmError } from '../base/errors.ts';
import type { LinearMemory } from '../base/linear-memory.ts';
import { rangesOf } from '../base/page-places.ts';
import { PAGE_SIZE, gfnOf } from '../base/paging-units.ts';
import type { MemslotPages, SlotListener } from '../base/slot-listener.ts';
import type { MachineShape, MemoryPlan } from '../base/state/regions.ts';
import { AccessSource, NOT_BACKED } from './access.ts';
import { CodeMap } from './code-map.ts';
import type { Ept } from './ept.ts';
import { EPT_ADDRESS } from './ept-entry.ts';
import { Memslots } from './memslots.ts';
import type { Memslot, MemslotRequest } from './memslots.ts';
import { RangePlaces } from './range-places.ts';
import { MmuViews } from './views.ts';

/** GPAs have MAXPHYADDR bits. */
const MAX_GPA = 2 ** 40;

export interface CodeListener {
  /**
   * Bytes from … to - 1 of page `gfn` are about to be written, and some of them are marked as code: nothing made from any of them
   * may be used again. Their marks go after this call. Marks of other bytes are the listener's to take away (`remarkCode`).
   */
  codeWritten(gfn: number, from: number, to: number): void;
  /** All marks are about to go, to make room: nothing made from code may be used again. */
  codeForgotten(): void;
}

export class PhysicalMemory {
  /** Who is told of dirty pages. */
  sink: DirtySink = NO_SINK;
  codeListener: CodeListener | null = null;
  slotListener: SlotListener | null = null;
  readonly views: MmuViews;
  readonly memory: LinearMemory;
  private readonly slots: Memslots;
  private readonly ranges: RangePlaces;
  private readonly ept: Ept;
  /** Which bytes are code. */
  readonly code: CodeMap;

  /** Of a new machine, whose memory is still zero. Other threads build MmuViews instead. */
  constructor(memory: LinearMemory, plan: MemoryPlan, shape: MachineShape) {
    const ram = plan.ram!;
    this.memory = memory;
    this.views = new MmuViews(memory, plan, shape);
    this.views.initialize();
    this.ranges = new RangePlaces(this.views.places, rangesOf(shape));
    this.slots = new Memslots(ram.offset, ram.offset + ram.bytes, shape.ramBytes, shape.gfnLimit, this.ranges);
    this.ept = this.views.ept;
    this.code = new CodeMap(memory, plan);
  }

  /** All memslots, by ascending GPA. */
  get memslots(): readonly Memslot[] {
    return this.slots.list;
  }

  /** Adds zeroed RAM. KvmError EINVAL, EEXIST or ENOMEM (memslots.ts). While tracking is on its pages start unarmed. */
  addMemslot(request: MemslotRequest): Memslot {
    const added = this.slots.add(request);
    const gfn = gfnOf(added.guestPhysAddr);
    const count = added.memorySize / PAGE_SIZE;
    const { tracking, accessedDirty } = this.views;
    this.ept.map(gfn, count, added.hostOffset, { writable: !added.readonly, large: !tracking, dirty: accessedDirty });
    this.slotListener?.onSlotAdded(pagesOf(added));
    return added;
  }

  /** Whether there is such a slot, whatever its `logDirty`. */
  hasMemslot(request: MemslotRequest): boolean {
    return Boolean(this.slots.same(request));
  }

  /** Adds a slot, or gives one that is there already another `logDirty`. Errors as addMemslot. */
  setMemslot(request: MemslotRequest): Memslot {
    const same = this.slots.same(request);
    if (!same) return this.addMemslot(request);
    const { logDirty = false } = request;
    if (same.logDirty === logDirty) return same;
    const flagged = this.slots.flag(same, logDirty);
    this.slotListener?.onSlotFlagged(pagesOf(flagged));
    return flagged;
  }

  /** Takes a slot away; its contents are lost. KvmError EINVAL if there is none. */
  deleteMemslot(slot: number): void {
    const removed = this.slots.remove(slot);
    const gfn = gfnOf(removed.guestPhysAddr);
    const count = removed.memorySize / PAGE_SIZE;
    for (let at = gfn; at < gfn + count; at++) if (this.code.hasCode(this.pageOf(at))) this.changeCode(at, 0, PAGE_SIZE);
    this.ept.zap(gfn, count);
    for (const tlb of this.views.tlbs) tlb.flushGfns(gfn, count);
    // So that the next slot placed here starts as zeros.
    this.memory.u8.fill(0, removed.hostOffset, removed.hostOffset + removed.memorySize);
    this.slotListener?.onSlotDeleted(pagesOf(removed));
    this.ranges.uncover(gfn, count, (first) => this.ept.unlink(first));
  }

  /**
   * Opens or closes the A20 gate. What TLBs hold is dropped: it was translated with the gate as it was. The gate is the processor's:
   * accesses by GPA (`hostOffset`, `open` and what stands on them) pass it by.
   */
  setA20(open: boolean): void {
    if (this.views.a20 === open) return;
    this.views.a20 = open;
    for (const tlb of this.views.tlbs) tlb.flushAll();
  }

  /** Host offset of the byte at `gpa`, any number, for reading only; -1 when it is not RAM. */
  hostOffset(gpa: number): number {
    const leaf = gpa < MAX_GPA ? this.ept.leafOf(gfnOf(gpa)) : 0;
    return leaf ? ((leaf & EPT_ADDRESS) >>> 0) + (gpa % PAGE_SIZE) : NOT_BACKED;
  }

  /**
   * The write door: host offset of page `gfn`. `source` writes to it at once, and only `bytes` bytes from the byte `from` on. KvmError
   * EFAULT when the page is not RAM. Whether the guest may write (EPT, read-only slots) is settled before. A caller that has the
   * offset passes it as `host`.
   */
  open(gfn: number, source: AccessSource, from: number, bytes: number, host = this.backed(gfn)): number {
    if (this.code.meets(host + from, bytes)) this.changeCode(gfn, from, from + bytes);
    if (source === AccessSource.HOST) this.sink.hostDirty(gfn);
    return host;
  }

  /** Marks bytes from … to - 1 of page `gfn` as code: the next write to any of them comes through the door, which tells the listener. */
  markCode(gfn: number, from: number, to: number): void {
    const page = this.pageOf(gfn);
    if (!this.code.hasCode(page)) this.dropWrites(page);
    if (this.code.mark(page + from, to - from)) return;
    this.forgetCode();
    this.code.mark(page + from, to - from);
  }

  /** Takes the marks of bytes from … to - 1 of page `gfn` away. `remark` then makes those again that are still needed. */
  remarkCode(gfn: number, from: number, to: number, remark: () => void): void {
    const page = this.pageOf(gfn);
    this.code.unmark(page + from, to - from);
    remark();
    // So that stores to a page that is all data again need no second look.
    if (this.code.release(page)) this.dropWrites(page);
  }

  /** Takes all marks away; the listener is told. */
  forgetCode(): void {
    this.codeListener?.codeForgotten();
    this.code.clear();
    for (const tlb of this.views.tlbs) tlb.writeSlots.dropEverything();
  }

  /** Copies `bytes` to `gpa`. KvmError EFAULT, before anything is written, when a page is not RAM. */
  writeHost(gpa: number, bytes: Uint8Array): void {
    this.forEachOpened(gpa, bytes.length, (host, done, length) => this.memory.u8.set(bytes.subarray(done, done + length), host));
  }

  /** Sets `length` bytes at `gpa` to `value`. Errors as writeHost. */
  fillHost(gpa: number, length: number, value: number): void {
    this.forEachOpened(gpa, length, (host, _done, inPage) => this.memory.u8.fill(value, host, host + inPage));
  }

  /** A copy of `length` bytes at `gpa`. KvmError EFAULT when a page is not RAM. */
  readHost(gpa: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    forEachPage(gpa, length, (at, done, inPage) => {
      const host = this.hostOffset(at);
      if (host < 0) throw notBacked(at);
      bytes.set(this.memory.u8.subarray(host, host + inPage), done);
    });
    return bytes;
  }

  private forEachOpened(gpa: number, length: number, write: (host: number, done: number, length: number) => void): void {
    forEachPage(gpa, length, (at) => {
      if (this.hostOffset(at) < 0) throw notBacked(at);
    });
    forEachPage(gpa, length, (at, done, inPage) => {
      const offset = at % PAGE_SIZE;
      write(this.open(gfnOf(at), AccessSource.HOST, offset, inPage) + offset, done, inPage);
    });
  }

  /** Host offset of page `gfn`. KvmError EFAULT when it is not RAM. */
  private backed(gfn: number): number {
    const leaf = this.ept.leafOf(gfn);
    if (leaf === 0) throw notBacked(gfn * PAGE_SIZE);
    return (leaf & EPT_ADDRESS) >>> 0;
  }

  /** Host offset of page `gfn`, which is RAM. */
  private pageOf(gfn: number): number {
    return (this.ept.leafOf(gfn) & EPT_ADDRESS) >>> 0;
  }

  private changeCode(gfn: number, from: number, to: number): void {
    this.codeListener?.codeWritten(gfn, from, to);
    this.remarkCode(gfn, from, to, () => {});
  }

  /** The next store to the page at host offset `host` takes the miss path. */
  private dropWrites(host: number): void {
    for (const tlb of this.views.tlbs) tlb.writeSlots.drop(host);
  }
}

const pagesOf = ({ slot, guestPhysAddr, memorySize, logDirty }: Memslot): MemslotPages => ({
  slot,
  gfn: gfnOf(guestPhysAddr),
  count: memorySize / PAGE_SIZE,
  logDirty,
});

const notBacked = (gpa: number): KvmError => new KvmError('EFAULT', `no memory at guest-physical address 0x${gpa.toString(16)}`);

/** Cuts [gpa, gpa + length) at page boundaries: the address of each part, the bytes before it, and its length. */
function forEachPage(gpa: number, length: number, visit: (at: number, done: number, inPage: number) => void): void {
  for (let done = 0; done < length; ) {
    const at = gpa + done;
    const inPage = Math.min(PAGE_SIZE - (at % PAGE_SIZE), length - done);
    visit(at, done, inPage);
    done += inPage;
  }
}
