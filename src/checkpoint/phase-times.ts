// How long each phase of a cycle took.

export const PHASES = ['prepare', 'run', 'quiesce', 'fetch', 'copy', 'hash', 'store', 'rearm'] as const;
/**
 * A step of a cycle: PREPARE, the guest's run, VM_QUIESCED (with `verify` all memory is compared), FETCH until nothing is left, the
 * copies of pages and blocks, the hash of all memory, saving the state and handing the cycle to the store, REARM.
 */
export type Phase = (typeof PHASES)[number];

/** Microseconds by phase. */
export type Phases = Readonly<Record<Phase, number>>;

export class PhaseTimes {
  readonly phases: Record<Phase, number> = { prepare: 0, run: 0, quiesce: 0, fetch: 0, copy: 0, hash: 0, store: 0, rearm: 0 };

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
