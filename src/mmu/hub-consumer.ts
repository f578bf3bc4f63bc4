// One consumer's own arming over the hub.

import type { RangeArming } from '../base/arming.ts';
import type { DirtySink } from '../base/dirty-sink.ts';
import { KvmError } from '../base/errors.ts';
import type { SlotListener } from '../base/slot-listener.ts';
import type { Tracking } from './tracking.ts';
import type { MmuViews } from './views.ts';

/** What a consumer's arming needs of the hub. */
export interface HubSide {
  readonly views: MmuViews;
  readonly tracking: Tracking;
  drain(vcpu: number): void;
  /** Everything that was logged or is owed has been told. */
  drainAll(): void;
  connect(id: number, sink: DirtySink, slots?: SlotListener): void;
  release(id: number): void;
}

export class HubConsumer implements RangeArming {
  private readonly bit: number;
  private readonly views: MmuViews;
  private readonly tracking: Tracking;

  /** `id`: which bit of the marks is this consumer's. */
  constructor(
    private readonly hub: HubSide,
    readonly id: number,
  ) {
    this.bit = 1 << id;
    this.views = hub.views;
    this.tracking = hub.tracking;
  }

  /** Who hears: `sink` of pages once this consumer has started, `slots` of memslots from now on. */
  connect(sink: DirtySink, slots?: SlotListener): this {
    this.hub.connect(this.id, sink, slots);
    return this;
  }

  /** Whether this consumer has started. */
  get enabled(): boolean {
    return (this.views.consumers & this.bit) !== 0;
  }

  /** As in RangeArming. KvmError ENXIO when the host offers no method. */
  start(): void {
    if (this.tracking.method === 'none') throw new KvmError('ENXIO', 'this machine was created without a tracking method');
    if (!this.views.tracking) this.tracking.switchOn();
    this.views.consumers |= this.bit;
  }

  /** As in Arming. KvmError ENXIO when the host offers no method. */
  enable(): void {
    if (this.enabled) return;
    this.start();
    this.hub.drainAll();
    const { bit, tracking, views } = this;
    views.ept.forEachWritable((gfn) => {
      views.armed[views.places.of(gfn)]! |= bit;
    });
    tracking.armAll();
  }

  /** As in Arming. Tracking ends with its last consumer. */
  disable(): void {
    if (!this.enabled) return;
    const { views, tracking } = this;
    this.hub.drainAll();
    views.consumers &= ~this.bit;
    if (views.tracking) return views.places.forEach((gfn, place) => this.forget(gfn, place));
    views.armed.fill(0);
    tracking.switchOff();
  }

  /** As in Arming. Does nothing while this consumer has not started. */
  rearm(gfns: ArrayLike<number>, count: number): void {
    if (!this.enabled) return;
    const { bit, tracking } = this;
    const { armed, places } = this.views;
    this.hub.drainAll();
    for (let i = 0; i < count; i++) {
      const gfn = gfns[i]!;
      const place = places.of(gfn);
      if (!tracking.isArmable(gfn, place)) continue;
      const before = armed[place]!;
      armed[place] = before | bit;
      if (before === 0) tracking.arm(gfn, place);
    }
    tracking.dropWrites(gfns, count);
  }

  drain(vcpu: number): void {
    this.hub.drain(vcpu);
  }

  armRange(gfn: number, count: number): void {
    this.rearm(
      Array.from({ length: count }, (_, n) => gfn + n),
      count,
    );
  }

  disarmRange(gfn: number, count: number): void {
    if (!this.enabled) return;
    this.hub.drainAll();
    const { places } = this.views;
    for (let at = gfn; at < gfn + count; at++) this.forget(at, places.of(at));
  }

  /** Stops, and leaves the hub. */
  release(): void {
    this.disable();
    this.hub.release(this.id);
  }

  /** Disarms page `gfn` at `place` for this consumer. If nobody else has armed the page, the hardware notices it no more. */
  private forget(gfn: number, place: number): void {
    const { bit } = this;
    const { armed } = this.views;
    const before = armed[place]!;
    if ((before & bit) === 0) return;
    armed[place] = before & ~bit;
    if (before === bit) this.tracking.disarm(gfn);
  }
}
