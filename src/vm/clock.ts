// Virtual time of the deterministic clock: one tick for each retired instruction of any vCPU, and idle ticks that are skipped
// when all vCPUs sleep. Nothing of the host enters, so every run of the same input sees the same time.

/** Nanoseconds of a tick unless the configuration says otherwise: a TSC of 100 MHz, a 100 Hz timer each million instructions. */
export const DEFAULT_NS_PER_TICK = 10;

/** The machine's virtual time: a tick for each retired instruction, and what is skipped while all vCPUs sleep. */
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
  constructor(
    private readonly progress: () => number,
    /** Nanoseconds of a tick. */
    readonly nsPerTick: number = DEFAULT_NS_PER_TICK,
  ) {}

  /** Ticks since the machine was built. */
  now(): number {
    return this.ticks + this.progress();
  }

  /** Nanoseconds since the machine was built. */
  nanoseconds(): number {
    return this.now() * this.nsPerTick;
  }

  /**
   * The first tick at which `deadline` (ns) is reached.
   * @internal
   */
  ticksAt(deadline: number): number {
    return Math.ceil(deadline / this.nsPerTick);
  }
}
