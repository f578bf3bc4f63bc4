// The tracking state in the linear memory, where fetchers on other threads find it. Guarded by the machine's lock. Besides these
// regions it needs 'places' (base/page-places.ts).

import type { LinearMemory } from '../base/linear-memory.ts';
import { PagePlaces, placesOf, ramPagesOf } from '../base/page-places.ts';
import type { MachineShape, MemoryPlan, RegionRequest } from '../base/state/regions.ts';
import { field, stateTable, viewsOf } from '../base/state/table.ts';
import type { StateViews } from '../base/state/table.ts';

/** Most vCPUs that can be tracked: a page's marks are one 32-bit word, of which the host takes a bit. */
export const MAX_TRACKED_VCPUS = 30;
const MAX_SOURCES = MAX_TRACKED_VCPUS + 1;

/** Fetches that can wait at one time. */
export const MAX_WAITERS = 256;

const word = (doc: string, count = 1) => field('u32', doc, { count, saved: false });

export const MT_CONTROL = stateTable('mt-control', {
  initialised: word('1 after INIT'),
  enabled: word('1 while tracking is on'),
  noDups: word('1 if a page is logged once per arming over all sources'),
  maxDirty: word('max_dirty as INIT asked for it'),
  full: word('entries of a cycle at which the list counts as full: max_dirty, or the pages there are if they are fewer'),
  trigger: word('the dirty trigger, 0 for off'),
  limit: word('the lower of `full` and a trigger that is set'),
  quiesced: word('1 between VM_QUIESCED and the next PREPARE'),
  quiesces: word('VM_QUIESCED calls so far: tells a waiter that one came while it slept, even if PREPARE followed'),
  generation: word('times tracking was switched off: tells a waiter the same'),
  hasCpid: word('1 after the first PREPARE'),
  cpidLow: word('the cycle, low half'),
  cpidHigh: word('the cycle, high half'),
  stamp: word('number of the cycle since INIT, from 1: what reportedIn is compared with'),
  progressOwed: word('1 from PREPARE until an instruction has retired'),
  count: word('entries of this cycle, carried ones included'),
  available: word('entries in all lists'),
  entries: word('entries accepted in this cycle'),
  suppressed: word('writes in this cycle to pages already logged'),
  fetches: word('fetches in this cycle that returned'),
  fetched: word('entries they returned'),
  rearmed: word('pages re-armed in this cycle'),
  ringHead: word('index of the oldest entry, per source', MAX_SOURCES),
  ringLength: word('entries, per source', MAX_SOURCES),
  rearmLength: word('entries in the list of pages to re-arm'),
  reportedLength: word('pages reported in this cycle'),
  wake: field('i32', 'waiters sleep on this word; every event they may wait for changes it', { saved: false }),
  wakeAt: word('available entries at which the first waiter is to be woken'),
  nextWaiter: word('number of the last waiter'),
  waiters: word('fetches that wait'),
  waiterId: word('who waits, first come first', MAX_WAITERS),
  waiterCount: word('entries wanted', MAX_WAITERS),
  waiterTag: word('the fetcher that waits, 0 for the thread that runs the vCPUs', MAX_WAITERS),
  waiterInterrupted: word('1 when it is to leave with EINTR', MAX_WAITERS),
});

export type MtControl = StateViews<typeof MT_CONTROL.fields>;

/** Bits of `flags`. */
export const PageFlag = {
  /** In the list of pages to re-arm. */
  LISTED: 1,
  /** Fetched without REARM and not re-armed since. */
  UNARMED: 2,
  /** Fetched by another thread since the shadow last looked. */
  FOREIGN: 4,
} as const;

/** Per-page state, by the page's place, and lists of GFNs. */
export interface MtViews {
  readonly control: MtControl;
  readonly places: PagePlaces;
  /** Bit s: logged by source s in this arming. */
  readonly marks: Uint32Array;
  /** Bit s: an entry of source s waits in its list. A subset of `marks`. */
  readonly waiting: Uint32Array;
  readonly flags: Uint8Array;
  /** The cycle's `stamp` in which the page was last reported. */
  readonly reportedIn: Uint32Array;
  /** One list of GFNs per source, the host's last. A page waits in each at most once, so none can overflow. */
  readonly rings: readonly Uint32Array[];
  /** Pages to re-arm, each at most once. */
  readonly rearmList: Uint32Array;
  /** Pages reported in this cycle, each at most once. */
  readonly reportedList: Uint32Array;
}

const REGION = {
  control: 'mt-control',
  marks: 'mt-marks',
  waiting: 'mt-waiting',
  flags: 'mt-flags',
  reportedIn: 'mt-reported-in',
  rings: 'mt-rings',
  rearmList: 'mt-rearm-list',
  reportedList: 'mt-reported-list',
} as const;

/** The regions tracking needs in the linear memory of a machine of this shape. */
export function mtRegions(shape: MachineShape): RegionRequest[] {
  const places = placesOf(shape);
  const list = ramPagesOf(shape) * 4;
  return [
    { name: REGION.control, bytes: MT_CONTROL.size },
    { name: REGION.marks, bytes: places * 4 },
    { name: REGION.waiting, bytes: places * 4 },
    { name: REGION.flags, bytes: places },
    { name: REGION.reportedIn, bytes: places * 4 },
    { name: REGION.rings, bytes: list * (shape.vcpus + 1) },
    { name: REGION.rearmList, bytes: list },
    { name: REGION.reportedList, bytes: list },
  ];
}

/** Typed views of those regions. */
export function mtViews(memory: LinearMemory, plan: MemoryPlan, shape: MachineShape): MtViews {
  const { buffer } = memory.memory;
  const places = placesOf(shape);
  const words = (name: string): Uint32Array => new Uint32Array(buffer, plan[name].offset, places);
  const entries = ramPagesOf(shape);
  const list = (name: string, index = 0): Uint32Array => new Uint32Array(buffer, plan[name].offset + index * entries * 4, entries);
  return {
    control: viewsOf(MT_CONTROL, memory, plan[REGION.control].offset),
    places: new PagePlaces(memory, plan, shape),
    marks: words(REGION.marks),
    waiting: words(REGION.waiting),
    flags: new Uint8Array(buffer, plan[REGION.flags].offset, places),
    reportedIn: words(REGION.reportedIn),
    rings: Array.from({ length: shape.vcpus + 1 }, (_, source) => list(REGION.rings, source)),
    rearmList: list(REGION.rearmList),
    reportedList: list(REGION.reportedList),
  };
}
