// How long a slice may take by the host's clock. The guest cannot tell: a turn that is executed in pieces is the same turn.

/** Milliseconds between two looks at the clock, about. */
const LOOK = 1;
/** Instructions from one look to the next: to begin with, at least, at most. */
const FIRST = 2000;
const LEAST = 16;
const MOST = 2 ** 24;

export class HostPace {
  private end = Infinity;
  private last = 0;
  private most = FIRST;
  /** Looks in a row that came too late. */
  private late = 0;

  /** A slice begins, which may take so many milliseconds; Infinity for any time. */
  begin(milliseconds: number): void {
    this.end = milliseconds === Infinity ? Infinity : performance.now() + milliseconds;
    if (this.end < Infinity) this.last = performance.now();
  }

  /** Instructions to execute at most before `isOver` is asked. An instruction takes the host nanoseconds, or milliseconds. */
  get budget(): number {
    return this.end === Infinity ? Infinity : this.most;
  }

  /** Whether the slice's time is over, `retired` instructions after the last look. */
  isOver(retired: number): boolean {
    if (this.end === Infinity) return false;
    const now = performance.now();
    const took = now - this.last;
    this.last = now;
    // Once is the host being busy with something else; twice in a row is the guest.
    this.late = took > 2 * LOOK ? this.late + 1 : 0;
    if (this.late > 1) this.most = Math.max(LEAST, Math.floor((this.most * LOOK) / took));
    else if (took < LOOK / 2 && retired >= this.most) this.most = Math.min(2 * this.most, MOST);
    return now >= this.end;
  }
}
