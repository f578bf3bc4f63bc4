// The dirty lists: which page was logged by whom, and what waits to be fetched.
//
// Bounded: re-arming a page clears its marks, except the mark of a source whose entry for that page still waits. That entry is
// reported after the later write, and stands for it too. So a page waits at most once per source, and a list of as many entries as
// RAM can have pages never overflows.

import { assert } from '../base/errors.ts';
import type { DirtySink } from '../base/dirty-sink.ts';
import { isOwnPlace } from '../base/page-places.ts';
import type { PagePlaces } from '../base/page-places.ts';
import { PageFlag } from './layout.ts';
import type { MtControl, MtViews } from './layout.ts';

/** What happens when a count is reached; called with the machine's lock held. */
export interface ListEvents {
  /** The cycle's entries reached the trigger or `max_dirty`: vCPUs are to leave guest mode. */
  limitReached(): void;
  /** So many entries are available that the first waiter can be served. */
  waiterReady(): void;
  /** The first waiter could be served with what vCPU `vcpu` has logged and nobody has collected yet: collect it. */
  waiterReadyByLog(vcpu: number): void;
}

/** Source numbers: vCPU v is source v, the host the one after the last vCPU. */
export class Lists implements DirtySink {
  readonly control: MtControl;
  readonly host: number;
  /** Entries a list has room for. */
  readonly capacity: number;
  private readonly places: PagePlaces;

  constructor(
    readonly views: MtViews,
    private readonly events: ListEvents,
  ) {
    this.control = views.control;
    this.host = views.rings.length - 1;
    this.capacity = views.rearmList.length;
    this.places = views.places;
  }

  guestDirty(vcpu: number, gfn: number): void {
    if (this.control.enabled[0] === 0) return;
    this.accept(vcpu, gfn, this.views.marks);
  }

  /**
   * A page fetched and not re-armed is untracked: its host mark stands. While the VM is quiesced, though, its copy may have been
   * made already. Then only an entry that still waits can stand for the write.
   */
  hostDirty(gfn: number): void {
    const { control, views } = this;
    if (control.enabled[0] === 0) return;
    this.accept(this.host, gfn, control.quiesced[0] === 0 ? views.marks : views.waiting);
  }

  /** Collecting accepts the entries, which checks the limit. So the limit is checked here only for what stays in the log. */
  pmlAppended(vcpu: number, unflushed: number): void {
    const { control } = this;
    if (control.enabled[0] === 0) return;
    if (control.available[0] + unflushed >= control.wakeAt[0]) this.events.waiterReadyByLog(vcpu);
    else if (control.count[0] + unflushed >= control.limit[0]) this.events.limitReached();
  }

  private accept(source: number, gfn: number, seen: Uint32Array): void {
    const place = this.places.of(gfn);
    assert(isOwnPlace(place), 'a dirty page is RAM');
    const { control } = this;
    const logged = control.noDups[0] !== 0 ? seen[place] : seen[place] & (1 << source);
    if (logged !== 0) {
      control.suppressed[0]++;
      return;
    }
    control.entries[0]++;
    control.count[0]++;
    this.append(source, gfn, place);
    if (control.count[0] >= control.limit[0]) this.events.limitReached();
  }

  private append(source: number, gfn: number, place: number): void {
    const { control, views } = this;
    const ring = views.rings[source];
    const length = control.ringLength[source];
    assert(length < this.capacity, 'a page waits at most once per source');
    ring[this.slot(control.ringHead[source] + length)] = gfn;
    control.ringLength[source] = length + 1;
    views.marks[place] |= 1 << source;
    views.waiting[place] |= 1 << source;
    if (++control.available[0] >= control.wakeAt[0]) this.events.waiterReady();
  }

  private slot(index: number): number {
    return index < this.capacity ? index : index - this.capacity;
  }

  /** Takes up to `count` entries out of the lists, the host's first, then vCPU 0, 1, … O(returned). */
  take(count: number): Uint32Array {
    const out = new Uint32Array(Math.min(count, this.control.available[0]));
    let done = this.takeFrom(this.host, out, 0);
    for (let source = 0; source < this.host && done < out.length; source++) done = this.takeFrom(source, out, done);
    this.control.available[0] -= done;
    return out;
  }

  private takeFrom(source: number, out: Uint32Array, at: number): number {
    const { control, places, views } = this;
    const taken = Math.min(out.length - at, control.ringLength[source]);
    if (taken === 0) return at;
    const { waiting, reportedIn, reportedList } = views;
    const ring = views.rings[source];
    const stamp = control.stamp[0];
    let reported = control.reportedLength[0];
    let head = control.ringHead[source];
    for (let i = 0; i < taken; i++) {
      const gfn = ring[head];
      head = this.slot(head + 1);
      const place = places.of(gfn);
      waiting[place] &= ~(1 << source);
      if (reportedIn[place] !== stamp) {
        reportedIn[place] = stamp;
        reportedList[reported++] = gfn;
      }
      out[at + i] = gfn;
    }
    control.reportedLength[0] = reported;
    control.ringHead[source] = head;
    control.ringLength[source] -= taken;
    return at + taken;
  }

  /** These pages are armed again: a write to one is logged again, unless an entry for it waits. */
  noteArmed(gfns: Uint32Array): void {
    const { marks, places, waiting, flags } = this.views;
    for (let i = 0; i < gfns.length; i++) {
      const place = places.of(gfns[i]);
      flags[place] &= ~PageFlag.UNARMED;
      marks[place] &= waiting[place];
    }
    this.control.rearmed[0] += gfns.length;
  }

  /** These pages were fetched and stay unarmed until REARM or PREPARE. */
  noteUnarmed(gfns: Uint32Array): void {
    const { flags, places, rearmList } = this.views;
    const { rearmLength } = this.control;
    let length = rearmLength[0];
    for (let i = 0; i < gfns.length; i++) {
      const gfn = gfns[i];
      const place = places.of(gfn);
      if ((flags[place] & PageFlag.LISTED) === 0) rearmList[length++] = gfn;
      flags[place] |= PageFlag.LISTED | PageFlag.UNARMED;
    }
    rearmLength[0] = length;
  }

  /**
   * The pages fetched and not re-armed: the list itself, which stays until `clearUnarmed`. Pages that were re-armed since they were listed
   * are taken out of it. O(the list).
   */
  unarmed(): Uint32Array {
    const { flags, places, rearmList } = this.views;
    const { rearmLength } = this.control;
    const length = rearmLength[0];
    let found = 0;
    for (let i = 0; i < length; i++) {
      const gfn = rearmList[i];
      const place = places.of(gfn);
      if ((flags[place] & PageFlag.UNARMED) !== 0) rearmList[found++] = gfn;
      else flags[place] &= ~PageFlag.LISTED;
    }
    rearmLength[0] = found;
    return rearmList.subarray(0, found);
  }

  clearUnarmed(): void {
    const { flags, places, rearmList } = this.views;
    const { rearmLength } = this.control;
    const length = rearmLength[0];
    for (let i = 0; i < length; i++) flags[places.of(rearmList[i])] &= ~(PageFlag.LISTED | PageFlag.UNARMED);
    rearmLength[0] = 0;
  }

  /** Starts a cycle: what waits counts in it from the start. O(1). */
  startCycle(): void {
    const { control, views } = this;
    control.stamp[0]++;
    // Once in 2^32 cycles the stamps of long ago must not look like those of this cycle.
    if (control.stamp[0] === 0) {
      views.reportedIn.fill(0);
      control.stamp[0] = 1;
    }
    control.reportedLength[0] = 0;
    control.count[0] = control.available[0];
    control.entries[0] = 0;
    control.suppressed[0] = 0;
    control.fetches[0] = 0;
    control.fetched[0] = 0;
    control.rearmed[0] = 0;
  }

  /**
   * Every page reported in this cycle that does not wait already is put on the host's list again. Returns how many. They
   * were counted when first accepted, so they do not move this cycle's trigger.
   */
  reportAgain(): number {
    const { control, views } = this;
    const pages = views.reportedList.slice(0, control.reportedLength[0]);
    // Forgotten first: a page fetched once more is then a report that a further abort has to repeat.
    for (const gfn of pages) views.reportedIn[this.places.of(gfn)] = 0;
    control.reportedLength[0] = 0;
    let again = 0;
    for (const gfn of pages) {
      const place = this.places.of(gfn);
      if (views.waiting[place] !== 0) continue;
      this.append(this.host, gfn, place);
      again++;
    }
    return again;
  }

  /** Forgets everything about the pages [gfn, gfn + count). Returns how many entries were discarded. */
  discard(gfn: number, count: number): number {
    const { control, views } = this;
    const inside = (page: number): boolean => page >= gfn && page < gfn + count;
    let discarded = 0;
    for (let source = 0; source <= this.host; source++) discarded += this.discardFrom(source, inside);
    control.available[0] -= discarded;
    control.rearmLength[0] = compact(views.rearmList, control.rearmLength[0], inside);
    control.reportedLength[0] = compact(views.reportedList, control.reportedLength[0], inside);
    const { marks, waiting, flags, reportedIn } = views;
    this.places.forEachRun(gfn, count, (from, to) => {
      for (const array of [marks, waiting, flags, reportedIn]) array.fill(0, from, to);
    });
    return discarded;
  }

  private discardFrom(source: number, inside: (gfn: number) => boolean): number {
    const { control, views } = this;
    const ring = views.rings[source];
    const head = control.ringHead[source];
    const length = control.ringLength[source];
    let kept = 0;
    for (let i = 0; i < length; i++) {
      const page = ring[this.slot(head + i)];
      if (!inside(page)) ring[this.slot(head + kept++)] = page;
    }
    control.ringLength[source] = kept;
    return length - kept;
  }

  /** Forgets all pages, entries and counters. O(pages). */
  reset(): void {
    const { control, views } = this;
    for (const array of [views.marks, views.waiting, views.flags, views.reportedIn]) array.fill(0);
    control.ringHead.fill(0);
    control.ringLength.fill(0);
    control.available[0] = 0;
    control.rearmLength[0] = 0;
    control.stamp[0] = 0;
    this.startCycle();
  }
}

/** Removes the elements `drop` names from the first `length`, keeping the order; returns the new length. */
function compact(list: Uint32Array, length: number, drop: (gfn: number) => boolean): number {
  let kept = 0;
  for (let i = 0; i < length; i++) if (!drop(list[i])) list[kept++] = list[i];
  return kept;
}
