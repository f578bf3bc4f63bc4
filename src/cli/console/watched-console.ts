// One console of a guest, with the expressions that are looked for on it.

import { ConsoleText } from './console-text.ts';
import type { ConsoleReader } from './console-text.ts';
import type { Pattern } from './pattern.ts';
import { RegexMatcher } from './regex.ts';

/** Who is told. */
export interface Findings {
  /** What is expected has matched. */
  seen(): void;
  /** `line`: what the line was by then. */
  forbidden(pattern: Pattern, line: string): void;
  lineEnded(line: string): void;
}

/** Most characters of a line that are kept to be shown. */
const MOST_SHOWN = 400;

export class WatchedConsole implements ConsoleReader {
  private readonly text = new ConsoleText(this);
  private shown = '';
  /** Null at the start of a line. */
  private before: number | null = null;
  private expected: RegexMatcher | null = null;
  private readonly forbidden: { readonly pattern: Pattern; matcher: RegexMatcher }[];

  constructor(
    failOn: readonly Pattern[],
    private readonly findings: Findings,
  ) {
    this.forbidden = failOn.map((pattern) => ({ pattern, matcher: new RegexMatcher(pattern.regex) }));
  }

  byte(byte: number): void {
    this.text.byte(byte);
  }

  /** From here on `pattern` is looked for, nothing if it is null. */
  expect(pattern: Pattern | null): void {
    this.expected = pattern && new RegexMatcher(pattern.regex, this.before);
  }

  /** The line that has not ended yet. */
  get line(): string {
    return this.shown;
  }

  /** Nothing more will come. */
  end(): void {
    if (this.before !== null) this.lineEnd();
  }

  character(code: number): void {
    this.before = code;
    if (this.shown.length < MOST_SHOWN) this.shown += String.fromCodePoint(code);
    this.take((matcher) => matcher.character(code));
  }

  lineEnd(): void {
    const line = this.shown;
    this.before = null;
    this.take((matcher) => matcher.lineEnd());
    this.shown = '';
    this.findings.lineEnded(line);
  }

  private take(step: (matcher: RegexMatcher) => boolean): void {
    for (const found of this.forbidden) {
      if (!step(found.matcher)) continue;
      found.matcher = new RegexMatcher(found.pattern.regex, this.before);
      this.findings.forbidden(found.pattern, this.shown);
    }
    if (this.expected !== null && step(this.expected)) this.findings.seen();
  }
}
