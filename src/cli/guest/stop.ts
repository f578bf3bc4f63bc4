// What ends a run from outside: its time limit, the user at the keyboard, a signal to the process.

import type { CliIo } from '../io.ts';

export type StopReason = 'timeout' | 'quit' | 'SIGINT' | 'SIGTERM';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** The longest that a timer can wait; a longer limit is never reached by anyone. */
const MAX_TIMER = 2 ** 31 - 1;

export class Stop {
  /** The first reason that came up. */
  reason: StopReason | null = null;
  private readonly controller = new AbortController();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly onSignal = (name: 'SIGINT' | 'SIGTERM'): void => this.request(name);

  constructor(private readonly io: CliIo) {}

  /** From now on: `seconds` of wall-clock time (null for no limit), and signals. A second signal has its usual effect. */
  arm(seconds: number | null): void {
    if (seconds !== null) this.timer = setTimeout(() => this.request('timeout'), Math.min(seconds * 1000, MAX_TIMER));
    for (const signal of SIGNALS) this.io.once?.(signal, this.onSignal);
  }

  disarm(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    for (const signal of SIGNALS) this.io.off?.(signal, this.onSignal);
  }

  request(reason: StopReason): void {
    this.reason ??= reason;
    this.controller.abort();
  }

  /** Aborted once there is a reason. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }
}
