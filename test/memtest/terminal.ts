// A serial terminal of 80 by 25 characters: as much of ECMA-48 as memtest86+ sends.

const COLUMNS = 80;
const ROWS = 25;

/** CSI parameters final byte, or one character. */
const PIECE = /\x1b\[([0-9;?]*)([A-Za-z])|[\s\S]/y;

export class Terminal {
  private readonly cells = Array.from({ length: ROWS }, () => Array<string>(COLUMNS).fill(' '));
  private row = 0;
  private column = 0;
  /** The beginning of a control sequence whose end was not sent yet. */
  private rest = '';

  write(text: string): void {
    const all = this.rest + text;
    const open = all.lastIndexOf('\x1b');
    const cut = open >= 0 && !/[A-Za-z]/.test(all.slice(open)) ? open : all.length;
    this.rest = all.slice(cut);
    for (const [piece, parameters = '', final] of all.slice(0, cut).matchAll(new RegExp(PIECE, 'gy'))) {
      if (final === undefined) this.character(piece);
      else this.control(final, parameters);
    }
  }

  /** The lines, without trailing blanks. */
  get lines(): string[] {
    return this.cells.map((line) => line.join('').trimEnd());
  }

  private character(character: string): void {
    if (character === '\r') this.column = 0;
    else if (character === '\n') this.row = Math.min(this.row + 1, ROWS - 1);
    else if (this.column < COLUMNS) this.cells[this.row]![this.column++] = character;
  }

  private control(final: string, parameters: string): void {
    if (final === 'H') {
      const [row = 1, column = 1] = parameters.split(';').map(Number);
      this.row = Math.min(Math.max(row, 1), ROWS) - 1;
      this.column = Math.min(Math.max(column, 1), COLUMNS) - 1;
    } else if (final === 'J') {
      for (const line of this.cells) line.fill(' ');
    } else if (!'hlm'.includes(final)) {
      throw new Error(`the terminal does not know ESC [ ${parameters} ${final}`);
    }
  }
}
