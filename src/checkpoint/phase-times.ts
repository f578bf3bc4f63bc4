// How long each phase of a cycle took.

export const PHASES = ['prepare', 'run', 'quiesce', 'fetch', 'copy', 'store', 'rearm'] as const;
export type Phase = (typeof PHASES)[number];

/** Microseconds by phase. */
export type Phases = Readonly<Record<Phase, number>>;

export class PhaseTimes {
  readonly phases: Record<Phase, number> = { prepare: 0, run: 0, quiesce: 0, fetch: 0, copy: 0, store: 0, rearm: 0 };

  private since: number;

  /** `now` gives milliseconds. The first phase begins here. */
  constructor(private readonly now: () => number) {
    this.since = now();
  }

  /** What happened since the phase before ended was `phase`; phases that come back add up. */
  ended(phase: Phase): void {
    const now = this.now();
    this.phases[phase] += (now - this.since) * 1000;
    this.since = now;
  }
}
