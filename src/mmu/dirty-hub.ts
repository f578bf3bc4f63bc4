// Who hears of dirty pages. Up to eight consumers stand side by side over one tracking method, each with its own arming: a page's
// mark has a bit for each. The hardware notices a page while any bit is set. At a store, all whose bit is set hear it, and the bits
// are gone. So a consumer hears of a page once for each arming of its own, and of no store before that arming.
//
// Invariant: a page with a bit set is armed in hardware (tracking.ts), or its entry is in a PML buffer. Hence whatever sets
// bits drains every buffer first: an entry logged before an arming must not be taken for a store after it.
//
// All marks are in the linear memory, so that a thread that only attaches to it may drain and arm for its own consumer. It may drain
// a page that others have armed too: that page is *owed* to them, in a list that the machine's own thread delivers before anything
// else. Only that thread arms for them, and it delivers first, so a page is owed at most once.

import type { DirtySink } from '../base/dirty-sink.ts';
import { NO_SINK } from '../base/dirty-sink.ts';
import { KvmError } from '../base/errors.ts';
import type { PagePlaces } from '../base/page-places.ts';
import type { MemslotPages, SlotListener } from '../base/slot-listener.ts';
import { HubConsumer } from './hub-consumer.ts';
import type { Tracking } from './tracking.ts';
import type { MmuViews } from './views.ts';

/** Bits of a mark. */
const MAX_CONSUMERS = 8;

export class DirtyHub implements DirtySink, SlotListener {
  private readonly armed: Uint8Array;
  private readonly places: PagePlaces;
  private readonly sinks: DirtySink[] = Array.from({ length: MAX_CONSUMERS }, () => NO_SINK);
  private readonly listeners = new Map<number, SlotListener>();
  /** Bit c: the sink of consumer c is on this thread. */
  private here = 0;

  constructor(
    readonly views: MmuViews,
    readonly tracking: Tracking,
  ) {
    this.armed = views.armed;
    this.places = views.places;
  }

  /** Adds a consumer, on the machine's own thread, and gives it the lowest number that is free. KvmError ENOSPC beyond eight. */
  register(): HubConsumer {
    const id = lowest(~this.here);
    if (id >= MAX_CONSUMERS) throw new KvmError('ENOSPC', `more than ${MAX_CONSUMERS} consumers of dirty pages`);
    return this.attach(id);
  }

  /** On another thread: the consumer with number `id` of the machine. Such threads must all attach for the same consumer. */
  attach(id: number): HubConsumer {
    this.here |= 1 << id;
    return new HubConsumer(this, id);
  }

  /** Says who consumer `id` is: `sink` hears of pages once the consumer has started, `slots` of memslots from now on. */
  connect(id: number, sink: DirtySink, slots?: SlotListener): void {
    this.sinks[id] = sink;
    if (slots) this.listeners.set(id, slots);
  }

  /** Consumer `id`, which has stopped, leaves; its number is free. */
  release(id: number): void {
    this.here &= ~(1 << id);
    this.sinks[id] = NO_SINK;
    this.listeners.delete(id);
  }

  /** Whether tracking is on: any consumer has started. */
  get enabled(): boolean {
    return this.views.tracking;
  }

  // What the machine tells.

  guestDirty(vcpu: number, gfn: number): void {
    const place = this.places.of(gfn);
    const armed = this.armed[place]!;
    if (armed === 0) return;
    this.armed[place] = 0;
    const { here } = this;
    if ((armed & ~here) !== 0) this.owe(vcpu, gfn, armed & ~here);
    this.tell(armed & here, vcpu, gfn);
  }

  hostDirty(gfn: number): void {
    for (let bits = this.views.consumers; bits !== 0; bits &= bits - 1) this.sinks[lowest(bits)]!.hostDirty(gfn);
  }

  pmlAppended(vcpu: number, unflushed: number): void {
    for (let bits = this.views.consumers; bits !== 0; bits &= bits - 1) this.sinks[lowest(bits)]!.pmlAppended(vcpu, unflushed);
  }

  /** Delivers what is owed and what vCPU `vcpu` has logged. */
  drain(vcpu: number): void {
    this.deliverOwed();
    if (this.views.accessedDirty) this.views.pmls[vcpu]!.drain(this);
  }

  drainAll(): void {
    for (let vcpu = 0; vcpu < this.views.pmls.length; vcpu++) this.drain(vcpu);
  }

  /** How many entries a vCPU's PML log had at its fullest, by the drains of this thread since the last call; 0 under write-protect. */
  takeFullestLog(): number {
    return this.views.pmls.reduce((most, pml) => Math.max(most, pml.takeFullest()), 0);
  }

  /**
   * The handler of EPT violations, as far as they are about tracking: a write to an armed page is reported and permitted. True
   * if the access is to be tried again.
   */
  resolveViolation(vcpu: number, gfn: number, qualification: number): boolean {
    if (!this.tracking.isArmedWrite(gfn, qualification)) return false;
    this.guestDirty(vcpu, gfn);
    this.tracking.disarm(gfn);
    return true;
  }

  onSlotAdded(slot: MemslotPages): void {
    for (const listener of this.listeners.values()) listener.onSlotAdded(slot);
  }

  onSlotDeleted(slot: MemslotPages): void {
    this.drainAll();
    this.places.forEachRun(slot.gfn, slot.count, (from, to) => this.armed.fill(0, from, to));
    for (const listener of this.listeners.values()) listener.onSlotDeleted(slot);
  }

  onSlotFlagged(slot: MemslotPages): void {
    for (const listener of this.listeners.values()) listener.onSlotFlagged(slot);
  }

  /** Tells each of `consumers`. Their sinks are on this thread. */
  tell(consumers: number, vcpu: number, gfn: number): void {
    for (let bits = consumers; bits !== 0; bits &= bits - 1) this.sinks[lowest(bits)]!.guestDirty(vcpu, gfn);
  }

  // What other threads drained.

  private owe(vcpu: number, gfn: number, consumers: number): void {
    const { owed } = this.views;
    const at = 2 * this.views.owedLength++;
    owed[at] = gfn;
    owed[at + 1] = (vcpu << MAX_CONSUMERS) | consumers;
  }

  /** Tells the consumers of this thread what others drained. Due at an instruction boundary, whenever the lock was handed over. */
  deliverOwed(): void {
    const { views } = this;
    const { owed, owedLength } = views;
    if (owedLength === 0 || (owed[1]! & this.here) === 0) return;
    views.owedLength = 0;
    for (let at = 0; at < 2 * owedLength; at += 2) {
      const entry = owed[at + 1]!;
      this.tell(entry & (2 ** MAX_CONSUMERS - 1), entry >>> MAX_CONSUMERS, owed[at]!);
    }
  }
}

const lowest = (bits: number): number => 31 - Math.clz32(bits & -bits);
