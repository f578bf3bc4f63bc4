// What tracking did, per cycle and in total.

import type { MtControl } from './layout.ts';

/** Counters the machine keeps outside of tracking (faults taken, log-full exits, kicks …), by their names there. */
export type ExternalCounters = Readonly<Record<string, number>>;

/** What was counted in one cycle, or in all. */
export interface MtCounters {
  /** Entries accepted, without the carried ones. */
  readonly entries: number;
  /** Writes to pages that were logged already. */
  readonly duplicatesSuppressed: number;
  /** Entries not fetched when the cycle began. */
  readonly carried: number;
  /** Pages fetched in the cycle before and re-armed only by PREPARE. */
  readonly lateRearmed: number;
  /** Pages armed again. */
  readonly rearmed: number;
  /** Host-side writes while tracking was on, logged or not. */
  readonly hostWrites: number;
  /** Fetches that returned, and the entries they returned. */
  readonly fetches: number;
  /** Entries that fetches returned. */
  readonly fetched: number;
  /** Pages reported again by `abort`. */
  readonly reportedAgain: number;
  /** Entries dropped with their memslot. */
  readonly discarded: number;
  /** Milliseconds from PREPARE (or ENABLE) to VM_QUIESCED, and from there to the next PREPARE. */
  readonly runningMs: number;
  /** Milliseconds from VM_QUIESCED to the next PREPARE. */
  readonly quiescedMs: number;
  /** Milliseconds this thread spent in fetches and in REARM. */
  readonly fetchingMs: number;
  /** Milliseconds in REARM. */
  readonly rearmingMs: number;
  /** What the machine counted meanwhile, by name. */
  readonly external: ExternalCounters;
}

/** The state of memory tracking, and what it counted. */
export interface MtStats {
  /** Between INIT and CLEANUP. */
  readonly initialised: boolean;
  /** Between the two calls of ENABLE. */
  readonly enabled: boolean;
  /** Between VM_QUIESCED and PREPARE: vCPUs may not run. */
  readonly quiesced: boolean;
  /** Null before the first PREPARE. */
  readonly cpid: bigint | null;
  /** Entries of this cycle, carried ones included: what trigger and max_dirty are compared with. */
  readonly dirty: number;
  /** Entries waiting to be fetched. */
  readonly waiting: number;
  /** Entries at which vCPUs leave with `mt-list-full`. */
  readonly maxDirty: number;
  /** Entries at which vCPUs leave with `mt-dirty-trigger`; 0 for off. */
  readonly dirtyTrigger: number;
  /** Of the current cycle. */
  readonly cycle: MtCounters;
  /** Since INIT. */
  readonly total: MtCounters;
  /** Of the lost-write oracle, null when it is off. */
  readonly verify: VerifyStats | null;
}

/** What the lost-write oracle did. */
export interface VerifyStats {
  /** Comparisons of the whole memory. */
  readonly compared: number;
  /** Pages that were reported and fetched, and those among them whose bytes had not changed. */
  readonly reported: number;
  /** Those among them whose bytes had not changed. */
  readonly unchanged: number;
}

const ZERO = {
  entries: 0,
  duplicatesSuppressed: 0,
  carried: 0,
  lateRearmed: 0,
  rearmed: 0,
  hostWrites: 0,
  fetches: 0,
  fetched: 0,
  reportedAgain: 0,
  discarded: 0,
  runningMs: 0,
  quiescedMs: 0,
  fetchingMs: 0,
  rearmingMs: 0,
};
type Numbers = typeof ZERO;
const COUNTED = Object.keys(ZERO) as readonly (keyof Numbers)[];

/** Kept on the thread that runs the vCPUs; what other threads count is in the control words. */
export class MtStatistics {
  /** What only this thread counts, of this cycle. */
  readonly own: Numbers = { ...ZERO };
  private totals: Numbers = { ...ZERO };
  private phase: 'runningMs' | 'quiescedMs' | null = null;
  private phaseStart = 0;
  private externalAtStart: ExternalCounters = {};
  private externalAtEnable: ExternalCounters = {};

  constructor(
    private readonly control: MtControl,
    private readonly external: () => ExternalCounters,
    private readonly now: () => number,
  ) {}

  reset(): void {
    Object.assign(this.own, ZERO);
    this.totals = { ...ZERO };
    this.phase = null;
    this.externalAtStart = this.externalAtEnable = { ...this.external() };
  }

  enterPhase(phase: 'runningMs' | 'quiescedMs' | null): void {
    const now = this.now();
    if (this.phase) this.own[this.phase] += now - this.phaseStart;
    this.phase = phase;
    this.phaseStart = now;
  }

  /** Runs `action` and adds its time to `counter`. */
  timed<T>(counter: 'fetchingMs' | 'rearmingMs', action: () => T): T {
    const start = this.now();
    try {
      return action();
    } finally {
      this.own[counter] += this.now() - start;
    }
  }

  /** The cycle ends: its counters go into the totals. Before the control words are cleared. */
  endCycle(): void {
    this.enterPhase(null);
    const { control, own, totals } = this;
    for (const key of COUNTED) {
      totals[key] += own[key];
      own[key] = 0;
    }
    totals.entries += control.entries[0];
    totals.duplicatesSuppressed += control.suppressed[0];
    totals.rearmed += control.rearmed[0];
    totals.fetches += control.fetches[0];
    totals.fetched += control.fetched[0];
    this.externalAtStart = { ...this.external() };
  }

  cycle(): MtCounters {
    return { ...this.numbers(), external: difference(this.external(), this.externalAtStart) };
  }

  total(): MtCounters {
    return { ...add(this.totals, this.numbers()), external: difference(this.external(), this.externalAtEnable) };
  }

  private numbers(): Numbers {
    const { control, own } = this;
    const running = this.phase ? { [this.phase]: own[this.phase] + this.now() - this.phaseStart } : {};
    return {
      ...own,
      ...running,
      entries: control.entries[0],
      duplicatesSuppressed: control.suppressed[0],
      rearmed: control.rearmed[0],
      fetches: control.fetches[0],
      fetched: control.fetched[0],
    };
  }
}

function add(a: Numbers, b: Numbers): Numbers {
  const sum = { ...a };
  for (const key of COUNTED) sum[key] += b[key];
  return sum;
}

const difference = (now: ExternalCounters, before: ExternalCounters): ExternalCounters =>
  Object.fromEntries(Object.entries(now).map(([name, value]) => [name, value - (before[name] ?? 0)]));
