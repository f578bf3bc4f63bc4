// What a person would read of a console's bytes: UTF-8 text in lines, without control characters and the escape sequences of terminals
// (ECMA-48, "Control functions").

const ESC = 0x1b;
const BEL = 0x07;
const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const DEL = 0x7f;

/** What is told of a console, in order. */
export interface ConsoleReader {
  /** The next character of the line, one code point. */
  character(code: number): void;
  /** The line has ended; the next character begins another one. */
  lineEnd(): void;
}

/** CSI sequences end with a letter; strings (OSC, DCS, SOS, PM, APC) with BEL or ESC \. */
type Sequence = 'none' | 'escape' | 'intermediate' | 'csi' | 'string' | 'string-escape';

const REPLACEMENT = 0xfffd;

/** Bytes to come after a lead byte of UTF-8; -1 if it is none. */
const following = (lead: number): number => (lead >= 0xf5 ? -1 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc2 ? 1 : -1);

/** Takes a console's bytes one by one. A carriage return ends a line too; a line feed after it ends no second one. */
export class ConsoleText {
  private sequence: Sequence = 'none';
  private afterReturn = false;
  private code = 0;
  private missing = 0;

  constructor(private readonly reader: ConsoleReader) {}

  byte(byte: number): void {
    if (this.sequence !== 'none') this.inSequence(byte);
    else if (byte >= 0x80) this.utf8(byte);
    else this.ascii(byte);
  }

  private ascii(byte: number): void {
    if (this.missing > 0) this.malformed();
    const afterReturn = this.afterReturn;
    this.afterReturn = byte === CR;
    if (byte === ESC) this.sequence = 'escape';
    else if (byte === CR || (byte === LF && !afterReturn)) this.reader.lineEnd();
    else if ((byte >= 0x20 && byte !== DEL) || byte === TAB) this.reader.character(byte);
  }

  private utf8(byte: number): void {
    this.afterReturn = false;
    if (byte < 0xc0 && this.missing > 0) {
      this.code = (this.code << 6) | (byte & 0x3f);
      if (--this.missing === 0) this.reader.character(this.code);
      return;
    }
    if (this.missing > 0) this.malformed();
    const missing = following(byte);
    if (missing < 0) {
      this.reader.character(REPLACEMENT);
      return;
    }
    this.missing = missing;
    this.code = byte & (0x3f >> missing);
  }

  private malformed(): void {
    this.missing = 0;
    this.reader.character(REPLACEMENT);
  }

  private inSequence(byte: number): void {
    switch (this.sequence) {
      case 'escape':
        if (byte === 0x5b) this.sequence = 'csi';
        else if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) this.sequence = 'string';
        else this.sequence = byte >= 0x20 && byte < 0x30 ? 'intermediate' : 'none';
        break;
      case 'intermediate':
        if (byte < 0x20 || byte >= 0x30) this.sequence = 'none';
        break;
      case 'csi':
        if (byte >= 0x40 && byte < DEL) this.sequence = 'none';
        else if (byte < 0x20) this.broken(byte);
        break;
      case 'string':
        if (byte === BEL) this.sequence = 'none';
        else if (byte === ESC) this.sequence = 'string-escape';
        else if (byte === LF || byte === CR) this.broken(byte);
        break;
      default:
        this.sequence = byte === ESC ? 'string-escape' : byte === 0x5c ? 'none' : 'string';
    }
  }

  /** The sequence does not go on as one: what comes is text again, so that noise never swallows a console. */
  private broken(byte: number): void {
    this.sequence = 'none';
    this.ascii(byte);
  }
}
