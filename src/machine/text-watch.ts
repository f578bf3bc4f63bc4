// Waits for text in what a machine says. It is looked at byte by byte, so that the machine can stop right after the one that
// completes a match. What was said before anybody waited counts, up to the end of the last match.

/** Bytes that a match may reach back. */
export const WINDOW_BYTES = 4096;

/** A pattern, or the text itself. */
export type Pattern = RegExp | string;

/** One that remembers nothing from one look to the next. */
export function fixedPattern(pattern: Pattern): RegExp {
  if (typeof pattern === 'string') return new RegExp(pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
}

export class TextWatch {
  private readonly buffer = new Uint8Array(2 * WINDOW_BYTES);
  /** The bytes that no match has used, the newest of them: [start, end) of the buffer. */
  private start = 0;
  private end = 0;
  private pattern: RegExp | null = null;
  private found: RegExpExecArray | null = null;
  private readonly decoder = new TextDecoder();

  /** `matched` is called when a byte completes a match. */
  constructor(private readonly matched: () => void) {}

  /** Looks for `pattern` from now on, first in what was said already; null looks for nothing. */
  watch(pattern: RegExp | null): void {
    this.pattern = pattern;
    this.found = null;
    this.look();
  }

  /** The match that was found, once. */
  take(): RegExpExecArray | null {
    const { found } = this;
    this.found = null;
    return found;
  }

  byte(byte: number): void {
    if (this.end === this.buffer.length) {
      this.buffer.copyWithin(0, this.end - WINDOW_BYTES);
      this.start = Math.max(0, this.start - (this.end - WINDOW_BYTES));
      this.end = WINDOW_BYTES;
    }
    this.buffer[this.end++] = byte;
    if (this.end - this.start > WINDOW_BYTES) this.start = this.end - WINDOW_BYTES;
    if (this.pattern && !this.found && this.isWhole()) this.look();
    if (this.found) this.matched();
  }

  /** Forgets what was said. */
  clear(): void {
    this.start = this.end = 0;
    this.found = null;
  }

  private look(): void {
    if (!this.pattern) return;
    const match = this.pattern.exec(this.text(this.end));
    if (!match) return;
    this.found = match;
    this.start = this.endOf(match.index + match[0].length);
  }

  private text(end: number): string {
    return this.decoder.decode(this.buffer.subarray(this.start, end));
  }

  /** The fewest bytes whose text is so many characters long. */
  private endOf(length: number): number {
    let low = this.start;
    let high = this.end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.text(middle).length < length) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether the last character is there with all its bytes (RFC 3629). */
  private isWhole(): boolean {
    for (let back = 1; back <= 3 && back <= this.end - this.start; back++) {
      const byte = this.buffer[this.end - back]!;
      if (byte < 0x80) return true;
      if (byte >= 0xc0) return back >= (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2);
    }
    return true;
  }
}
