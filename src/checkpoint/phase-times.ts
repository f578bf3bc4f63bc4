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

  /** `now` gives milliseconds. */
  constructor(private readonly now: () => number) {}

  measure<T>(phase: Phase, action: () => T): T {
    const start = this.now();
    const result = action();
    this.add(phase, this.now() - start);
    return result;
  }

  /** Adds `milliseconds` to a phase that was measured elsewhere. */
  add(phase: Phase, milliseconds: number): void {
    this.phases[phase] += milliseconds * 1000;
  }
}
