// Virtual time of the deterministic clock: one tick for each retired instruction of any vCPU, and idle ticks that are skipped
// when all vCPUs sleep. Nothing of the host enters, so every run of the same input sees the same time.

/** Nominal duration of one tick: a 100 MHz time-stamp counter, so that a 100 Hz timer fires each million instructions. */
export const NS_PER_TICK = 10;

/** The machine's virtual time: 10 ns for each retired instruction, and what is skipped while all vCPUs sleep. */
export class VirtualClock {
  /**
   * Ticks up to the last instruction boundary that the run loop saw.
   * @internal
   */
  ticks = 0;
  /**
   * How much happened so far that took no time: see `Position`.
   * @internal
   */
  events = 0;

  /**
   * `progress`: ticks by which the vCPU that is executing is ahead of `ticks`.
   * @internal
   */
  constructor(private readonly progress: () => number) {}

  /** Ticks of 10 ns since the machine was built. */
  now(): number {
    return this.ticks + this.progress();
  }

  /** Nanoseconds since the machine was built. */
  nanoseconds(): number {
    return this.now() * NS_PER_TICK;
  }

  /**
   * The first tick at which `deadline` (ns) is reached.
   * @internal
   */
  static ticksAt(deadline: number): number {
    return Math.ceil(deadline / NS_PER_TICK);
  }
}
