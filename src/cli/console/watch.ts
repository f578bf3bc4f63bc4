// What a run is to be judged by: texts that the guest must print (`--expect`, one after the other) and must not print (`--fail-on`), on its
// serial port, on the debug console, or on the screen by way of the BIOS. A console is followed byte by byte, so where the verdict falls
// depends on the guest alone.

import { WatchedConsole } from './watched-console.ts';
import type { Pattern } from './pattern.ts';

export type Verdict =
  /** All that was expected has been seen. */
  | { readonly kind: 'seen' }
  /** What must not come came: the expression as it was given, and the line so far. */
  | { readonly kind: 'forbidden'; readonly pattern: string; readonly line: string };

export interface Expectations {
  readonly expect: readonly Pattern[];
  readonly failOn: readonly Pattern[];
}

/** Lines that are kept to be shown when something was not seen. */
const LAST_LINES = 10;

export class Watch {
  private found: Verdict | null = null;
  private expected = 0;
  private readonly recent: string[] = [];
  private readonly consoles: readonly [WatchedConsole, WatchedConsole, WatchedConsole];

  /** `decided` is called within the instruction that decided the matter, once. */
  constructor(
    private readonly expectations: Expectations,
    private readonly decided: () => void,
  ) {
    const console = (): WatchedConsole =>
      new WatchedConsole(expectations.failOn, {
        seen: () => this.seen(),
        forbidden: ({ text }, line) => this.decide({ kind: 'forbidden', pattern: text, line }),
        lineEnded: (line) => this.keep(line),
      });
    this.consoles = [console(), console(), console()];
    this.arm();
  }

  readonly serial = (byte: number): void => this.consoles[0].byte(byte);
  readonly debugcon = (byte: number): void => this.consoles[1].byte(byte);
  readonly screen = (byte: number): void => this.consoles[2].byte(byte);

  get verdict(): Verdict | null {
    return this.found;
  }

  /** The guest prints no more: what looks at the end of a line finds the end here. */
  end(): void {
    for (const console of this.consoles) console.end();
  }

  /** The first text that is expected and was not seen. */
  get missing(): Pattern | null {
    return this.found?.kind === 'seen' ? null : (this.expectations.expect[this.expected] ?? null);
  }

  /** The last lines of all consoles, oldest first; one that has not ended is the last. */
  get lastLines(): readonly string[] {
    const unended = this.consoles.map((console) => console.line).filter((line) => line !== '');
    return [...this.recent, ...unended].slice(-LAST_LINES);
  }

  private seen(): void {
    this.expected++;
    this.arm();
  }

  private arm(): void {
    const pattern = this.expectations.expect[this.expected] ?? null;
    for (const console of this.consoles) console.expect(pattern);
    if (pattern === null && this.expectations.expect.length > 0) this.decide({ kind: 'seen' });
  }

  private decide(verdict: Verdict): void {
    // What must not come counts also after all that was expected: the guest may run on.
    if (this.found !== null && !(this.found.kind === 'seen' && verdict.kind === 'forbidden')) return;
    this.found = verdict;
    this.decided();
  }

  private keep(line: string): void {
    if (line.trim() === '') return;
    this.recent.push(line);
    if (this.recent.length > LAST_LINES) this.recent.shift();
  }
}
