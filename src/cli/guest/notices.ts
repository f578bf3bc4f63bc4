// What the machine says of its guest while it runs: lines on stderr, or with --json a list in the report. Lines wait while the guest's
// screen is drawn on stderr.

import type { CliIo } from '../io.ts';

export class Notices {
  private readonly texts: string[] = [];
  private readonly unwritten: string[] = [];
  private held: boolean;

  constructor(
    private readonly io: Pick<CliIo, 'stderr'>,
    private readonly json: boolean,
  ) {
    this.held = json;
  }

  readonly add = (text: string): void => {
    this.texts.push(text);
    if (this.held) this.unwritten.push(text);
    else this.write(text);
  };

  /** Keeps lines back, until `release`. */
  hold(): void {
    this.held = true;
  }

  /** Writes what was kept back, unless it is for the report. */
  release(): void {
    if (this.json) return;
    this.held = false;
    for (const text of this.unwritten.splice(0)) this.write(text);
  }

  /** All that was said, for --json. */
  get all(): readonly string[] {
    return this.texts;
  }

  private write(text: string): void {
    this.io.stderr.write(`tidemark: ${text}\n`);
  }
}
