// A terminal of which only as much is modelled as the demo uses; anything else is an error.

const SEQUENCE = /^\x1b\[(\??)([\d;]*)([A-Za-z])/;

export class Screen {
  lines: string[] = [''];
  readonly scrolledOff: string[] = [];
  readonly errors: string[] = [];
  hiddenCursor = false;
  private row = 0;
  private column = 0;

  constructor(
    private readonly columns: number,
    private readonly rows: number,
  ) {}

  write(text: string): void {
    for (let at = 0; at < text.length; ) {
      const sequence = SEQUENCE.exec(text.slice(at, at + 20));
      if (sequence) {
        this.control(sequence[1]! + sequence[3]!, sequence[2]!);
        at += sequence[0].length;
      } else {
        this.character(text[at++]!);
      }
    }
  }

  private character(char: string): void {
    if (char === '\n') return this.newLine();
    if (char === '\r') {
      this.column = 0;
      return;
    }
    if (char < ' ') this.errors.push(`control character ${char.charCodeAt(0)}`);
    if (this.column === this.columns) this.newLine();
    const line = this.lines[this.row]!.padEnd(this.column);
    this.lines[this.row] = line.slice(0, this.column) + char + line.slice(this.column + 1);
    this.column++;
  }

  /** As a terminal driver does it: carriage return and line feed. */
  private newLine(): void {
    this.column = 0;
    this.row++;
    if (this.lines.length === this.row) this.lines.push('');
    if (this.row < this.rows) return;
    this.scrolledOff.push(this.lines.shift()!);
    this.row--;
  }

  private control(kind: string, argument: string): void {
    switch (kind) {
      case 'A':
        if (Number(argument) > this.row) this.errors.push(`up ${argument} from row ${this.row}`);
        this.row = Math.max(0, this.row - Number(argument));
        return;
      case 'K':
        this.lines[this.row] = this.lines[this.row]!.slice(0, this.column);
        return;
      case 'J':
        this.lines = argument === '2' ? this.lines.map(() => '') : this.lines.slice(0, this.row + 1);
        if (argument !== '2') this.lines[this.row] = this.lines[this.row]!.slice(0, this.column);
        return;
      case 'H':
        this.row = this.column = 0;
        return;
      case '?h':
      case '?l':
        this.hiddenCursor = kind === '?l';
        return;
      case 'm':
        return;
      default:
        this.errors.push(`sequence ${kind} ${argument}`);
    }
  }
}
