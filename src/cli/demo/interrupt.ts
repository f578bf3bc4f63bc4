// Signals that end the demo early, but in order: the terminal is given back and what was verified so far is said.

import type { CliIo } from '../io.ts';

const STATUSES = { SIGINT: 130, SIGTERM: 143 } as const;
type Name = keyof typeof STATUSES;

export class Interrupt {
  /** 128 + the signal's number, null while there was none. */
  status: number | null = null;
  private readonly controller = new AbortController();

  constructor(private readonly io: Pick<CliIo, 'once' | 'off'>) {
    for (const name of Object.keys(STATUSES) as Name[]) io.once?.(name, this.onSignal);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  dispose(): void {
    for (const name of Object.keys(STATUSES) as Name[]) this.io.off?.(name, this.onSignal);
  }

  private readonly onSignal = (name: Name): void => {
    this.status ??= STATUSES[name];
    this.controller.abort();
    // A package runner may pass on a signal that the terminal has sent already: the second one must not end the process.
    this.io.once?.(name, this.onSignal);
  };
}
